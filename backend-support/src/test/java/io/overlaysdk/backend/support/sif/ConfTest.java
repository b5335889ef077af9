package io.overlaysdk.backend.support.sif;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;

final class ConfTest {
  @Test
  void readsDirectivesAndNotWhatIsCommentedOut() {
    Conf conf =
        Conf.parse("# enable overlay = no\n\nenable overlay =  yes\nimage driver = \n=x\ny");
    assertEquals(Optional.of("yes"), conf.value("enable overlay"));
    assertEquals(Optional.of(""), conf.value("image driver"));
    assertEquals(Optional.empty(), conf.value("y"));
  }

  @Test
  void readsWhatBuildcfgPrints() {
    Conf conf = Conf.parse("PACKAGE_NAME=apptainer\nAPPTAINER_SUID_INSTALL=0\n");
    assertEquals(Optional.of("0"), conf.value("APPTAINER_SUID_INSTALL"));
  }
}
