// Kafka's Java client, for tests/kafka/graduation.
//
//   records BOOTSTRAP ISOLATION TOPIC...     every record, in the console consumer's words, by partition and offset
//   committed BOOTSTRAP                      every group's type, state and committed offsets
//   transact BOOTSTRAP ID TOPIC N            one transaction of N records that is committed and one that is aborted
//   read BOOTSTRAP GROUP PROTOCOL TOPIC N    N records read and committed by a member of a group

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.*;

public class Client {
    public static void main(String[] args) throws Exception {
        switch (args[0]) {
            case "records" -> records(args[1], args[2], Arrays.asList(args).subList(3, args.length));
            case "committed" -> committed(args[1]);
            case "transact" -> transact(args[1], args[2], args[3], Integer.parseInt(args[4]));
            case "read" -> read(args[1], args[2], args[3], args[4], Integer.parseInt(args[5]));
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    private static Properties config(String bootstrap, String... more) {
        Properties config = new Properties();
        config.put("bootstrap.servers", bootstrap);
        for (int i = 0; i < more.length; i += 2) config.put(more[i], more[i + 1]);
        return config;
    }

    private static String text(byte[] bytes) {
        return bytes == null ? "null" : new String(bytes, StandardCharsets.UTF_8);
    }

    private static void records(String bootstrap, String isolation, List<String> topics) {
        Properties config = config(bootstrap, "isolation.level", isolation, "auto.offset.reset", "earliest");
        var bytes = new ByteArrayDeserializer();
        try (var consumer = new KafkaConsumer<>(config, bytes, bytes)) {
            for (String topic : topics) {
                List<TopicPartition> partitions = new ArrayList<>();
                consumer.partitionsFor(topic).forEach(p -> partitions.add(new TopicPartition(topic, p.partition())));
                partitions.sort(Comparator.comparingInt(TopicPartition::partition));
                Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
                for (TopicPartition partition : partitions) {
                    consumer.assign(List.of(partition));
                    consumer.seekToBeginning(List.of(partition));
                    while (consumer.position(partition) < ends.get(partition)) {
                        consumer.poll(Duration.ofMillis(200)).forEach(Client::print);
                    }
                }
            }
        }
    }

    private static void print(ConsumerRecord<byte[], byte[]> record) {
        StringJoiner headers = new StringJoiner(",");
        for (Header header : record.headers()) headers.add(header.key() + ":" + text(header.value()));
        String shown = headers.length() == 0 ? "NO_HEADERS" : headers.toString();
        System.out.println(record.topic() + "\t" + record.timestampType() + ":" + record.timestamp() + "\tPartition:"
            + record.partition() + "\tOffset:" + record.offset() + "\t" + shown + "\t" + text(record.key()) + "\t"
            + text(record.value()));
    }

    private static void committed(String bootstrap) throws Exception {
        try (Admin admin = Admin.create(config(bootstrap))) {
            for (var group : admin.listGroups().all().get()) {
                String what = group.groupId() + " " + group.type().map(Object::toString).orElse("-");
                admin.listConsumerGroupOffsets(group.groupId()).partitionsToOffsetAndMetadata().get().forEach(
                    (partition, offset) -> System.out.println(what + " " + partition.topic() + " "
                        + partition.partition() + " " + offset.offset()));
            }
        }
    }

    private static void transact(String bootstrap, String id, String topic, int count) throws Exception {
        Properties config = config(bootstrap, "transactional.id", id, "linger.ms", "5");
        try (var producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
            for (String end : List.of("committed", "aborted")) {
                producer.beginTransaction();
                for (int i = 0; i < count; i++) producer.send(new ProducerRecord<>(topic, "k" + i, end + " " + i));
                producer.flush();
                if (end.equals("committed")) producer.commitTransaction(); else producer.abortTransaction();
            }
        }
    }

    private static void read(String bootstrap, String group, String protocol, String topic, int count) {
        Properties config = config(bootstrap, "group.id", group, "group.protocol", protocol, "auto.offset.reset", "earliest",
            "enable.auto.commit", "false", "max.poll.records", "7");
        var strings = new StringDeserializer();
        try (var consumer = new KafkaConsumer<>(config, strings, strings)) {
            consumer.subscribe(List.of(topic));
            for (int seen = 0; seen < count; consumer.commitSync()) {
                seen += consumer.poll(Duration.ofMillis(500)).count();
            }
        }
    }
}
