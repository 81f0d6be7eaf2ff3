// Kafka's Java client, for tests/clients/java/run: one line for everything that went as it must, an exception otherwise.
//
//   Client PART...     of: codecs, classic, consumer, transactions, share, admin
//
// BOOTSTRAP_SERVERS says which server.

import java.time.Duration;
import java.util.*;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.*;

public class Client {
    static final Duration TICK = Duration.ofMillis(100);
    static final long LIMIT_NS = Duration.ofSeconds(60).toNanos();

    public static void main(String[] parts) throws Exception {
        for (String part : parts) {
            switch (part) {
                case "codecs" -> codecs();
                case "classic", "consumer" -> Groups.story(part);
                case "transactions" -> Transactions.story();
                case "share" -> Groups.share();
                case "admin" -> Administration.story();
                default -> throw new IllegalArgumentException(part);
            }
        }
    }

    static Properties config(String... more) {
        Properties config = new Properties();
        config.put("bootstrap.servers", System.getenv("BOOTSTRAP_SERVERS"));
        for (int i = 0; i < more.length; i += 2) config.put(more[i], more[i + 1]);
        return config;
    }

    static KafkaProducer<String, String> producer(String... more) {
        return new KafkaProducer<>(config(more), new StringSerializer(), new StringSerializer());
    }

    static KafkaConsumer<String, String> consumer(String... more) {
        return new KafkaConsumer<>(config(more), new StringDeserializer(), new StringDeserializer());
    }

    static void say(String format, Object... values) {
        System.out.println(String.format(format, values));
    }

    static void check(boolean holds, String format, Object... values) {
        if (!holds) throw new AssertionError(String.format(format, values));
    }

    /** Polls until it holds, or fails with what it waited for. */
    static void until(String what, BooleanSupplier holds, Runnable poll) {
        long end = System.nanoTime() + LIMIT_NS;
        while (!holds.getAsBoolean()) {
            check(System.nanoTime() < end, "waited in vain: %s", what);
            poll.run();
        }
    }

    static void createTopic(Admin admin, String name, int partitions) throws Exception {
        admin.createTopics(List.of(new NewTopic(name, Optional.of(partitions), Optional.empty()))).all().get();
    }

    private static void codecs() throws Exception {
        List<String> codecs = List.of("none", "gzip", "snappy", "lz4", "zstd");
        try (Admin admin = Admin.create(config())) {
            createTopic(admin, "codecs", 3);
        }
        for (String codec : codecs) {
            try (var producer = producer("compression.type", codec, "acks", "all", "linger.ms", "5")) {
                for (int i = 0; i < 50; i++) {
                    var record = new ProducerRecord<>("codecs", null, "key-" + i, line(codec, i),
                        List.of(new RecordHeader("codec", codec.getBytes())));
                    producer.send(record);
                }
                if (codec.equals("none")) producer.send(new ProducerRecord<>("codecs", "gone", null)).get();
            }
        }
        Set<String> lines = new HashSet<>();
        try (var consumer = consumer("auto.offset.reset", "earliest")) {
            consumer.assign(consumer.partitionsFor("codecs").stream().map(p -> new TopicPartition("codecs", p.partition())).toList());
            until("the records of codecs", () -> lines.size() == 251, () -> consumer.poll(TICK).forEach(record -> {
                if (record.value() != null) {
                    String codec = new String(record.headers().lastHeader("codec").value());
                    String i = record.key().substring("key-".length());
                    check(record.value().equals(line(codec, Integer.parseInt(i))), "%s", record);
                }
                check(lines.add(record.value() == null ? record.key() : record.value()), "twice: %s", record);
            }));
        }
        say("codecs: 251 records of %s", String.join(" ", codecs));
    }

    private static String line(String codec, int i) {
        return codec + " " + i + ", a line that compresses because it is like the others";
    }

    /** Kafka's name for the error that a call ends with. */
    static String errorOf(java.util.concurrent.Callable<?> call) throws Exception {
        try {
            call.call();
            return "no error";
        } catch (ExecutionException e) {
            return e.getCause().getClass().getSimpleName();
        } catch (org.apache.kafka.common.KafkaException e) {
            return e.getClass().getSimpleName();
        }
    }
}
