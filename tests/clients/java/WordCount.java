// A Streams application that counts words exactly once: lines -> words (through a repartition topic) -> a store with a
// changelog topic -> counts. It runs until it is killed; the script kills it the hard way and starts it again.
//
//   WordCount STATE_DIRECTORY      prints `running`, and `restored N` with the records that came back from the changelog

import java.util.*;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.*;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.StateRestoreListener;

public class WordCount {
    public static void main(String[] args) {
        Properties config = Client.config("application.id", "word-count", "state.dir", args[0], "processing.guarantee", "exactly_once_v2",
            "num.stream.threads", "2", "commit.interval.ms", "100", "consumer.session.timeout.ms", "6000",
            "consumer.heartbeat.interval.ms", "500", "consumer.auto.offset.reset", "earliest");
        config.put("default.key.serde", Serdes.StringSerde.class);
        config.put("default.value.serde", Serdes.StringSerde.class);
        StreamsBuilder builder = new StreamsBuilder();
        builder.<String, String>stream("lines")
            .flatMapValues(line -> Arrays.asList(line.split(" ")))
            .groupBy((key, word) -> word)
            .count(Materialized.as("counts"))
            .toStream()
            .to("counts", Produced.with(Serdes.String(), Serdes.Long()));
        KafkaStreams streams = new KafkaStreams(builder.build(), config);
        AtomicLong restored = new AtomicLong();
        streams.setGlobalStateRestoreListener(new Listener(restored));
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) System.out.println("running, restored " + restored.get());
            if (now == KafkaStreams.State.ERROR) Runtime.getRuntime().halt(1);
        });
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }

    private record Listener(AtomicLong restored) implements StateRestoreListener {
        @Override
        public void onRestoreStart(TopicPartition partition, String store, long start, long end) {}

        @Override
        public void onBatchRestored(TopicPartition partition, String store, long end, long count) {}

        @Override
        public void onRestoreEnd(TopicPartition partition, String store, long total) {
            restored.addAndGet(total);
        }
    }
}
