//! `kt transactions`, beside what the transcripts show: a transaction that hangs, and kt's own register.

use crate::support::{Kt, Running, wait_until};

/// A transaction that stays open until its producer is killed.
fn open(kt: &Kt, id: &str) -> Running {
    let running = kt.start(format!(
        "producer-perf-test --topic t --num-records 100000 --record-size 5 --throughput 50 --transactional-id {id} \
         --transaction-duration-ms 600000"
    ));
    wait_until("an open transaction", || {
        let producers = "transactions describe-producers --topic t --partition 0 --output csv";
        let has_topic = kt.run("topics --list").success().text().lines().any(|line| line == "t");
        has_topic && kt.run(producers).success().text().trim_end().ends_with(",0")
    });
    running
}

fn committed(kt: &Kt) -> Vec<String> {
    let line = "consume --topic t --from-beginning --isolation-level read_committed --timeout-ms 200";
    kt.run(line).success_with_notes().lines()
}

#[test]
fn a_transaction_that_nobody_accounts_for_is_found_and_aborted() {
    let kt = Kt::new();
    let producer = open(&kt, "a");
    producer.kill();
    let _ = producer.finish();
    kt.stdin("after\n").run("produce --topic t").shows("");
    let find = "transactions find-hanging --topic t --max-transaction-timeout 0 --output csv";
    let header =
        "topic,partition,producerId,producerEpoch,coordinatorEpoch,startOffset,lastTimestamp,durationMin\n";
    kt.run(find).shows(header);
    // Now the coordinator's memory of it is lost.
    kt.run("topics --delete --topic __transaction_state").shows("");
    assert!(committed(&kt).is_empty());
    let hanging = kt.run(find).success().text();
    assert!(hanging.starts_with(&format!("{header}t,0,0,0,-1,0,")), "{hanging}");
    assert_eq!(kt.run(find.replace("--topic t", "--broker-id 1")).success().text(), hanging);
    let patient = find.replace("--max-transaction-timeout 0", "");
    kt.run(patient).shows(header);
    kt.run("transactions abort --topic t --partition 0 --start-offset 1")
        .shows("2> kt: Could not find any open transactions starting at offset 1 on partition t-0\n? 1\n");
    kt.run("transactions abort --topic t --partition 0 --start-offset 0").shows("");
    kt.run(find).shows(header);
    assert_eq!(committed(&kt), ["after"]);
}

#[test]
fn who_is_shut_out_is_told_so() {
    let kt = Kt::new();
    let producer = open(&kt, "a");
    kt.run("transactions forceTerminateTransaction --transactionalId a").shows("");
    let errors = producer.finish().failure(1).errors();
    assert!(errors.contains("newer producer with the same transactionalId"), "{errors}");
    kt.run("transactions list --output csv")
        .shows("transactionalId,coordinator,producerId,transactionState\na,1,0,Empty\n");
    assert!(committed(&kt).is_empty());
}

#[test]
fn wrong_words_are_refused() {
    let kt = Kt::new();
    kt.run("transactions").shows("2> kt: a command is required\n? 1\n");
    kt.run("transactions lst").shows("2> kt: there is no command 'lst'\n? 1\n");
    kt.run("transactions list more").shows("2> kt: 'more' means nothing to list\n? 1\n");
    kt.run("transactions describe").shows("2> kt: --transactional-id is required\n? 1\n");
    kt.run("transactions abort --topic t --partition 0 --producer-id 1 --producer-epoch 1")
        .shows("2> kt: Missing required argument --coordinator-epoch\n? 1\n");
    kt.run("transactions describe-producers --topic t --partition 0 --broker-id 7").shows(
        "2> kt: can't describe producers for partition t-0 on broker 7: the cluster has no broker 7\n? 1\n",
    );
}
