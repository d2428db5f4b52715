// Java as a client for handshakes only: a line on stdin for each, its fields separated by tabs:
// port, name, protocols, cipher suites (lists with commas; "-": the default). A line on stdout for
// each: version, suite, SHA-256 of the certificate; or "failed".
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

public class Handshakes {
  static final class TrustAll implements X509TrustManager {
    public void checkClientTrusted(X509Certificate[] chain, String kind) {}
    public void checkServerTrusted(X509Certificate[] chain, String kind) {}
    public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
  }

  static String shake(String[] fields) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new TrustAll()}, null);
    try (Socket tcp = new Socket("127.0.0.1", Integer.parseInt(fields[0]));
        SSLSocket socket =
            (SSLSocket) context.getSocketFactory().createSocket(tcp, fields[1], tcp.getPort(), true)) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setServerNames(List.of(new SNIHostName(fields[1])));
      if (!fields[2].equals("-")) parameters.setProtocols(fields[2].split(","));
      if (!fields[3].equals("-")) parameters.setCipherSuites(fields[3].split(","));
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      SSLSession session = socket.getSession();
      byte[] certificate = session.getPeerCertificates()[0].getEncoded();
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(certificate);
      return String.join(
          "\t", session.getProtocol(), session.getCipherSuite(), HexFormat.of().formatHex(hash));
    } catch (java.io.IOException failed) {
      return "failed";
    }
  }

  public static void main(String[] arguments) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      System.out.println(shake(line.split("\t")));
    }
  }
}
