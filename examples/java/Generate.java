import org.unmask.Decoder;
import org.unmask.Device;
import org.unmask.Model;
import org.unmask.Options;
import org.unmask.Session;
import org.unmask.UnmaskException;

/** Writes an answer: java Generate MODEL_FOLDER "QUESTION". */
public class Generate {
  public static void main(String[] arguments) {
    try (Device device = new Device();
        Model model = new Model(device, arguments[0]);
        Options options = new Options().set("length", 32);
        Session session = new Session(model, options)) {
      session.setChat(arguments[1]);
      try (Decoder decoder = session.decode()) {
        decoder.run();
      }
      System.out.println(session.getText());
    } catch (UnmaskException e) {
      System.err.println(e.getStatus() + ": " + e.getMessage());
      System.exit(1);
    }
  }
}
