// A producer under load, for tests/clients/kill/run: it goes on through every failure until the file `stop` is there.
//
//   Load idempotent|transactional TOPIC DIRECTORY
//
// Into DIRECTORY/TOPIC.acknowledged it writes, after the server has said so: `N` for every record N; `committed T` and
// `aborted T` for every transaction T, whose ten records are `T.0` to `T.9`.

import java.io.*;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.Semaphore;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.serialization.StringSerializer;

public class Load {
    private static final int RECORDS = 10;
    private static String topic;
    private static Path stop;
    private static PrintStream acknowledged;

    public static void main(String[] args) throws Exception {
        topic = args[1];
        stop = Path.of(args[2], "stop");
        acknowledged = new PrintStream(new FileOutputStream(Path.of(args[2], topic + ".acknowledged").toFile()), true);
        if (args[0].equals("idempotent")) idempotent(); else transactional();
    }

    private static KafkaProducer<String, String> producer(String... more) {
        Properties config = new Properties();
        config.put("bootstrap.servers", System.getenv("BOOTSTRAP_SERVERS"));
        config.putAll(Map.of("acks", "all", "linger.ms", "1", "reconnect.backoff.max.ms", "100", "retry.backoff.max.ms", "100",
            "max.block.ms", "20000", "request.timeout.ms", "5000", "delivery.timeout.ms", "120000"));
        for (int i = 0; i < more.length; i += 2) config.put(more[i], more[i + 1]);
        return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
    }

    private static void idempotent() throws Exception {
        Semaphore window = new Semaphore(200);
        Throwable[] failure = {null};
        try (var producer = producer("enable.idempotence", "true")) {
            for (int i = 0; !Files.exists(stop) && failure[0] == null; i++) {
                String value = String.valueOf(i);
                window.acquire();
                producer.send(new ProducerRecord<>(topic, "k" + i % 17, value), (metadata, error) -> {
                    if (error == null) acknowledged.println(value); else failure[0] = error;
                    window.release();
                });
                if (i % 20 == 19) Thread.sleep(5);
            }
        }
        if (failure[0] != null) throw new AssertionError("not acknowledged", failure[0]);
    }

    private static void transactional() throws Exception {
        KafkaProducer<String, String> producer = null;
        for (int t = 0; !Files.exists(stop); t++) {
            try {
                if (producer == null) {
                    producer = producer("transactional.id", topic, "transaction.timeout.ms", "60000");
                    again(producer::initTransactions);
                }
                transaction(producer, t);
            } catch (KafkaException e) {
                // What has become of this transaction nobody knows; a producer that starts anew finishes it one way or the other.
                System.err.println(t + ": " + e);
                producer.close(java.time.Duration.ZERO);
                producer = null;
            }
        }
        if (producer != null) producer.close();
    }

    private static void transaction(KafkaProducer<String, String> producer, int t) throws Exception {
        producer.beginTransaction();
        try {
            for (int i = 0; i < RECORDS; i++) producer.send(new ProducerRecord<>(topic, "k" + i, t + "." + i));
            producer.flush();
            if (t % 4 != 3) {
                again(producer::commitTransaction);
                acknowledged.println("committed " + t);
                return;
            }
        } catch (ProducerFencedException | OutOfOrderSequenceException | AuthorizationException e) {
            throw e;
        } catch (KafkaException e) {
            System.err.println(t + " is aborted: " + e);
        }
        again(producer::abortTransaction);
        acknowledged.println("aborted " + t);
    }

    /** A call that has timed out may be made again. */
    private static void again(Runnable call) {
        while (true) {
            try {
                call.run();
                return;
            } catch (TimeoutException e) {
                System.err.println("again: " + e);
            }
        }
    }
}
