package io.overlaysdk.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SecretsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--password=a b=c | --password=***",
        "PGPASSWORD=a | PGPASSWORD=***",
        "db_passwd: a | db_passwd: ***",
        "Aws_Secret_Access_Key=a | Aws_Secret_Access_Key=***",
        "export API_KEY=a && run | export API_KEY=***",
        "Authorization: Bearer a | Authorization: ***",
        "{\"token\": \"a\"} | {\"token\": ***",
        "https://host/x.sif?sig=b&X-Signature=a | https://host/x.sif?sig=b&X-Signature=***",
        "https://me:a@host/x.sif | https://***@host/x.sif",
        "oras://a@host/x | oras://***@host/x",
      })
  void masksWhatIsNamedLikeASecret(String text, String shown) {
    assertEquals(shown, Secrets.masked(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--mount",
        "type=bind,source=/data/secrets,destination=/run/secrets,ro",
        "/data/secret:/run/secret:ro",
        "docker://registry.example/tokenizer:1.2",
        "docker://debian@sha256:0123456789012345678901234567890123456789012345678901234567890123",
        "https://host/a@b",
        "PATH=/usr/bin",
        "the password is wrong",
      })
  void showsTheRest(String text) {
    assertEquals(text, Secrets.masked(text));
  }

  @Test
  void masksTheWordBehindAnOption() {
    assertEquals(
        List.of("tool", "--token", "***", "-v", "--auth-token=***", "x", "--secret"),
        Secrets.masked(List.of("tool", "--token", "a", "-v", "--auth-token=b", "x", "--secret")));
    assertEquals(List.of("a", "token", "b"), Secrets.masked(List.of("a", "token", "b")));
  }

  @Test
  @Timeout(20)
  void endsForWhateverIsGiven() {
    for (String part : List.of("token", "token token", "a:// ", "token\n", " \t", "://a")) {
      String text = part.repeat(1 << 18);
      assertEquals(text, Secrets.masked(text));
    }
  }

  @Test
  void masksEachLineToItsEnd() {
    assertEquals("TOKEN=***\nrun TOKEN", Secrets.masked("TOKEN=a b\nrun TOKEN"));
  }

  @Test
  void areInNoTextOfAnInvocationOrAStep() {
    Invocation invocation =
        new Invocation(Path.of("/bin/x"), List.of("--token", "a"), Map.of("MINE", "b"));
    assertEquals("Invocation[/bin/x, --token, ***] with [MINE]", invocation.toString());
    assertEquals(
        "Run[purpose=try, invocation=" + invocation + "]",
        new Step.Run("try", invocation).toString());
    assertEquals(
        "WriteFile[path=/x, 6 characters]", new Step.WriteFile(Path.of("/x"), "MINE=b").toString());
  }
}
