//! The verifiable clients beyond Kafka's transcripts: signals, refused records, a group that changes hands.

use crate::support::Kt;
use serde_json::Value;

/// The lines as objects, without their times.
fn events(lines: &[String]) -> Vec<Value> {
    let event = |line: &String| {
        let mut event: Value = serde_json::from_str(line).unwrap();
        event.as_object_mut().unwrap().remove("timestamp").unwrap();
        event
    };
    lines.iter().map(event).collect()
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["name"].as_str().unwrap()).collect()
}

#[test]
fn a_producer_that_is_stopped_tells_its_sums() {
    let kt = Kt::new();
    let producer = kt.start("verifiable-producer --topic demo --throughput 50");
    producer.wait_for_lines(4);
    producer.terminate();
    let events = events(&producer.finish().terminated().lines());
    let stored = names(&events).iter().filter(|name| **name == "producer_send_success").count();
    assert!(stored >= 3, "{events:?}");
    let [.., shutdown, sums] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(shutdown["name"], "shutdown_complete");
    assert_eq!(
        (&sums["sent"], &sums["acked"], &sums["target_throughput"]),
        (&stored.into(), &stored.into(), &50.into())
    );
    assert_eq!(kt.end("demo", 0), stored as u64);
}

#[test]
fn every_record_has_its_place_whatever_the_number_of_partitions() {
    let kt = Kt::new();
    kt.run("topics --create --topic demo --partitions 3").shows("Created topic demo.\n");
    let lines =
        kt.run("verifiable-producer --topic demo --max-messages 500 --repeating-keys 7").success().lines();
    let events = events(&lines);
    let mut seen = 0;
    for partition in 0..3_usize {
        let records = kt.records("demo", partition, "");
        let told = events.iter().filter(|event| event["partition"] == partition);
        let values: Vec<&str> = told.clone().map(|event| event["value"].as_str().unwrap()).collect();
        assert_eq!(values, records, "partition {partition}");
        for (offset, event) in told.enumerate() {
            assert_eq!(event["offset"], offset);
        }
        seen += values.len();
    }
    assert_eq!(seen, 500);
}

#[test]
fn records_that_are_refused_are_told_with_their_reason() {
    let kt = Kt::new();
    kt.run("topics --create --topic keyed --config cleanup.policy=compact").success();
    let output = kt.run("verifiable-producer --topic keyed --max-messages 2").failure(1);
    let events = events(&output.lines());
    assert_eq!(
        names(&events),
        ["startup_complete", "producer_send_error", "producer_send_error", "shutdown_complete", "tool_data"]
    );
    assert_eq!(events[1]["exception"], "class org.apache.kafka.common.errors.InvalidRecordException");
    let output = kt.named("kafka-verifiable-producer.sh");
    let data = kt.data();
    let line = format!("--bootstrap-server {} --topic keyed --max-messages 2", data.display());
    output.run(line.as_str()).success();
}

#[test]
fn a_consumer_that_is_stopped_lets_its_partitions_go() {
    let kt = Kt::new();
    kt.run("topics --create --topic demo --partitions 2").shows("Created topic demo.\n");
    kt.run("verifiable-producer --topic demo --max-messages 10 --repeating-keys 10").success();
    let consumer = kt.start("verifiable-consumer --topic demo --group-id g");
    consumer.wait_for_line("offsets_committed");
    consumer.interrupt();
    let events = events(&consumer.finish().interrupted().lines());
    assert_eq!(
        names(&events),
        [
            "startup_complete",
            "partitions_assigned",
            "records_consumed",
            "offsets_committed",
            "partitions_revoked",
            "shutdown_complete"
        ]
    );
    assert_eq!(events[2]["count"], 10);
    assert_eq!(events[3]["success"], true);
    assert_eq!(events[1]["partitions"], events[4]["partitions"]);
    let next = kt.start("verifiable-consumer --topic demo --group-id g --verbose --max-messages 1");
    next.wait_for_line("partitions_assigned");
    kt.run("verifiable-producer --topic demo --max-messages 1 --value-prefix 7").success();
    let shown = next.finish().success().text();
    assert!(shown.contains(r#""key":null,"value":"7.0","topic":"demo""#), "{shown}");
}

#[test]
fn a_producer_whose_topic_is_deleted_tells_so_and_ends_in_order() {
    let kt = Kt::new();
    let producer = kt.start("verifiable-producer --topic demo --throughput 100");
    producer.wait_for_lines(3);
    kt.run("topics --delete --topic demo").success();
    producer.wait_for_line("producer_send_error");
    producer.wait_for_line("tool_data");
    let text = String::from_utf8(producer.stdout_so_far()).unwrap();
    assert_eq!(producer.finish().status(), 1);
    let events = events(&text.lines().map(str::to_owned).collect::<Vec<_>>());
    let [.., shutdown, sums] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((&shutdown["name"], &sums["name"]), (&"shutdown_complete".into(), &"tool_data".into()));
    assert!(sums["acked"].as_u64() < sums["sent"].as_u64(), "{sums}");
}
