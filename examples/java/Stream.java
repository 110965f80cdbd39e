import org.unmask.Decoder;
import org.unmask.Device;
import org.unmask.Event;
import org.unmask.Model;
import org.unmask.Options;
import org.unmask.Session;

/** Prints every token as it is decided: java Stream MODEL_FOLDER "QUESTION". */
public class Stream {
  public static void main(String[] arguments) {
    try (Device device = new Device();
        Model model = new Model(device, arguments[0]);
        Options options = new Options().set("length", 32).set("threshold", 0.9);
        Session session = new Session(model, options)) {
      session.setChat(arguments[1]);
      try (Decoder decoder = session.decode()) {
        for (Event event : decoder) {
          String text = model.detokenize(new int[] {event.getToken()}, true);
          System.out.printf("round %d, position %d: %s%n", event.getRound(), event.getPosition(), text);
        }
      }
      System.out.println(session.getText());
    }
  }
}
