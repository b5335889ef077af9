package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MountTableTest {
  @Test
  void aPathIsOfTheLastThatWasMountedThere() {
    List<MountTable.Mount> mounts =
        MountTable.parse(
            """
            21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/vda rw
            30 21 0:40 / /mnt/a\\040b rw - tmpfs tmpfs rw,size=1024k
            broken
            31 30 0:41 / /mnt/a\\040b rw shared:1 master:2 - nfs4 server:/x rw,vers=4.2,local_lock=none
            """
                .getBytes(UTF_8));

    assertEquals("nfs4", MountTable.type(Path.of("/mnt/a b/file"), mounts));
    assertEquals("ext4", MountTable.type(Path.of("/mnt/a"), mounts));
    assertEquals(3, mounts.size());
    assertTrue(MountTable.read().stream().anyMatch(mount -> mount.at().equals(Path.of("/"))));
  }

  /**
   * The options as Linux shows them: nfs_show_mount_options, cifs_show_options, ll_show_options.
   */
  @ParameterizedTest
  @CsvSource({
    "nfs, 'rw,vers=3,nolock,local_lock=all', true",
    "nfs, 'rw,vers=3,local_lock=posix', true",
    "nfs, 'rw,vers=3,local_lock=flock', false",
    "nfs4, 'rw,vers=4.2,local_lock=none', false",
    "cifs, 'rw,vers=3.1.1,nobrl', true",
    "lustre, 'rw,flock', false",
    "lustre, 'rw,localflock', true",
    "ext4, 'rw,nolock', false"
  })
  void tellsWhereLocksKeepOutNoOtherHost(String type, String options, boolean onlyHere) {
    String line = "30 21 0:40 / / rw,relatime shared:1 - " + type + " source " + options + "\n";

    MountTable.Mount mount = MountTable.parse(line.getBytes(UTF_8)).get(0);

    assertEquals(onlyHere, mount.locksOnlyHere());
  }
}
