package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class FileCapabilityTest {
  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  @Test
  void dropsTheRootOfVersion3AndKeepsTheEffectiveBit() {
    // as setcap cap_net_raw+ep writes it in the user namespace of user 1001 (Linux 6.1)
    assertArrayEquals(
        bytes("0100000200200000000000000000000000000000"),
        FileCapability.everywhere(bytes("0100000300200000000000000000000000000000e9030000")));
  }

  @Test
  void leavesOtherVersionsAsTheyAre() {
    byte[] second = bytes("0100000200200000000000000000000000000000");
    assertArrayEquals(second, FileCapability.everywhere(second));
    byte[] odd = bytes("010000040020000000000000000000000000000000000000");
    assertArrayEquals(odd, FileCapability.everywhere(odd));
    assertArrayEquals(new byte[0], FileCapability.everywhere(new byte[0]));
  }
}
