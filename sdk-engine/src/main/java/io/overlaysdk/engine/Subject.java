package io.overlaysdk.engine;

/** What is being read, in the words of an error about it. */
enum Subject {
  IMAGE("image", "get the image again, or build it anew"),
  OVERLAY("overlay", "restore the overlay from a copy, or create a new one"),
  LAYER("layer", "get the layer again"),
  PACK("packed overlay", "copy it again"),
  TEMPLATE("template", "make the template anew, with overlay create");

  private final String noun;
  private final String remedy;

  Subject(String noun, String remedy) {
    this.noun = noun;
    this.remedy = remedy;
  }

  /** What helps where it is damaged beyond repair. */
  String remedy() {
    return remedy;
  }

  @Override
  public String toString() {
    return noun;
  }
}
