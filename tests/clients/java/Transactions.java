// Transactions: committed and aborted ones, offsets inside, a producer that is fenced, and the admin's view of them.

import java.util.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;

final class Transactions {
    private Transactions() {}

    static void story() throws Exception {
        try (Admin admin = Admin.create(Client.config())) {
            Client.createTopic(admin, "paid", 1);
            Client.createTopic(admin, "orders", 2);
            Client.createTopic(admin, "invoices", 2);
        }
        ends();
        fenced();
        Client.say("transactions: %d committed records of %d", read("paid", "read_committed"), read("paid", "read_uncommitted"));
        exactlyOnce();
        listed();
    }

    private static void ends() {
        try (var producer = Client.producer("transactional.id", "cashier")) {
            producer.initTransactions();
            for (String end : List.of("paid", "void", "paid")) {
                producer.beginTransaction();
                for (int i = 0; i < 10; i++) producer.send(new ProducerRecord<>("paid", "k" + i, end + " " + i));
                producer.flush();
                if (end.equals("paid")) producer.commitTransaction(); else producer.abortTransaction();
            }
        }
    }

    /** Who comes later with the same id ends the transaction of who was there before. */
    private static void fenced() throws Exception {
        try (var old = Client.producer("transactional.id", "guard"); var young = Client.producer("transactional.id", "guard")) {
            old.initTransactions();
            old.beginTransaction();
            old.send(new ProducerRecord<>("paid", "void by the old one")).get();
            young.initTransactions();
            try {
                old.send(new ProducerRecord<>("paid", "void, too late"));
                old.commitTransaction();
                throw new AssertionError("the old producer has not been fenced");
            } catch (ProducerFencedException | InvalidProducerEpochException e) {
                Client.say("transactions: the old producer is fenced");
            }
            young.beginTransaction();
            young.send(new ProducerRecord<>("paid", "paid by the young one"));
            young.commitTransaction();
        }
    }

    private static int read(String topic, String isolation) {
        List<String> values = new ArrayList<>();
        try (var consumer = Client.consumer("isolation.level", isolation, "auto.offset.reset", "earliest")) {
            var partitions = consumer.partitionsFor(topic).stream().map(p -> new TopicPartition(topic, p.partition())).toList();
            consumer.assign(partitions);
            var ends = consumer.endOffsets(partitions);
            Client.until("the end of " + topic, () -> partitions.stream().allMatch(p -> consumer.position(p) >= ends.get(p)),
                () -> consumer.poll(Client.TICK).forEach(record -> values.add(record.value())));
        }
        if (isolation.equals("read_committed")) values.forEach(value -> Client.check(!value.startsWith("void"), "%s", value));
        return values.size();
    }

    /** Orders become invoices, offsets and output in one transaction; every third transaction is aborted and done again. */
    private static void exactlyOnce() throws Exception {
        Groups.produce("orders", 0, 60);
        int[] attempts = {0};
        try (var consumer = Client.consumer("group.id", "billing", "auto.offset.reset", "earliest", "enable.auto.commit", "false",
                 "isolation.level", "read_committed", "max.poll.records", "7");
             var producer = Client.producer("transactional.id", "billing-1")) {
            producer.initTransactions();
            consumer.subscribe(List.of("orders"));
            int[] done = {0};
            Client.until("60 invoices", () -> done[0] == 60, () -> done[0] += bill(consumer, producer, ++attempts[0] % 3 == 0));
        }
        try (Admin admin = Admin.create(Client.config())) {
            long committed = admin.listConsumerGroupOffsets("billing").partitionsToOffsetAndMetadata().get().values().stream()
                .mapToLong(OffsetAndMetadata::offset).sum();
            Client.say("transactions: %d invoices for %d orders", read("invoices", "read_committed"), committed);
        }
    }

    private static int bill(KafkaConsumer<String, String> consumer, KafkaProducer<String, String> producer, boolean abort) {
        var orders = consumer.poll(Client.TICK);
        if (orders.isEmpty()) return 0;
        producer.beginTransaction();
        for (var order : orders) producer.send(new ProducerRecord<>("invoices", order.key(), (abort ? "void " : "for ") + order.value()));
        producer.sendOffsetsToTransaction(orders.nextOffsets(), consumer.groupMetadata());
        if (!abort) {
            producer.commitTransaction();
            return orders.count();
        }
        producer.abortTransaction();
        for (var partition : orders.partitions()) consumer.seek(partition, orders.records(partition).get(0).offset());
        return 0;
    }

    private static void listed() throws Exception {
        try (Admin admin = Admin.create(Client.config())) {
            var ids = new TreeMap<String, String>();
            for (var each : admin.listTransactions().all().get()) ids.put(each.transactionalId(), each.state().toString());
            Client.say("transactions: %s", ids);
            var described = admin.describeTransactions(List.of("cashier")).all().get().get("cashier");
            var producers = admin.describeProducers(List.of(new TopicPartition("paid", 0))).all().get()
                .get(new TopicPartition("paid", 0)).activeProducers();
            boolean known = producers.stream().anyMatch(p -> p.producerId() == described.producerId());
            Client.say("transactions: cashier is %s, known to its partition: %b", described.state(), known);
        }
    }
}
