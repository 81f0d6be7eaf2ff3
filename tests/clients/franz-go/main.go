// franz-go (kgo and kadm), for tests/clients/franz-go/run: one line for everything that went as it must.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

var (
	ctx    = context.Background()
	admin  *kadm.Client
	codecs = map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func check(holds bool, format string, values ...any) {
	if !holds {
		panic(fmt.Sprintf(format, values...))
	}
}

func client(options ...kgo.Opt) *kgo.Client {
	options = append(options, kgo.SeedBrokers(os.Getenv("BOOTSTRAP_SERVERS")), kgo.FetchMaxWait(200*time.Millisecond))
	client, err := kgo.NewClient(options...)
	must(err)
	return client
}

func until(what string, holds func() bool, poll func()) {
	for end := time.Now().Add(time.Minute); !holds(); poll() {
		check(time.Now().Before(end), "waited in vain: %s", what)
	}
}

func create(topic string, partitions int32) {
	_, err := admin.CreateTopic(ctx, partitions, -1, nil, topic)
	must(err)
}

func produce(records []*kgo.Record, options ...kgo.Opt) {
	producer := client(append(options, kgo.RequiredAcks(kgo.AllISRAcks()))...)
	defer producer.Close()
	must(producer.ProduceSync(ctx, records...).FirstErr())
}

func work(topic string, from, to int) (records []*kgo.Record) {
	for i := from; i < to; i++ {
		records = append(records, &kgo.Record{Topic: topic, Key: fmt.Appendf(nil, "key-%d", i), Value: fmt.Appendf(nil, "work %d", i)})
	}
	return records
}

// take polls for a moment and remembers what was read, each record once.
func take(consumer *kgo.Client, seen map[string]*kgo.Record) {
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	fetches := consumer.PollFetches(short)
	for _, failed := range fetches.Errors() {
		check(errors.Is(failed.Err, context.DeadlineExceeded), "%v", failed.Err)
	}
	fetches.EachRecord(func(record *kgo.Record) {
		name := string(record.Value)
		if record.Value == nil {
			name = string(record.Key)
		}
		check(seen[name] == nil, "twice: %s", name)
		seen[name] = record
	})
}

func readAll(topic string, isolation kgo.IsolationLevel) map[string]*kgo.Record {
	consumer := client(kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(isolation), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.KeepControlRecords())
	defer consumer.Close()
	ends, err := admin.ListEndOffsets(ctx, topic)
	must(err)
	seen, last := map[string]*kgo.Record{}, map[int32]int64{}
	until("the end of "+topic, func() bool {
		done := true
		ends.Each(func(end kadm.ListedOffset) { done = done && last[end.Partition] >= end.Offset })
		return done
	}, func() {
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		consumer.PollFetches(short).EachRecord(func(record *kgo.Record) {
			last[record.Partition] = record.Offset + 1
			if !record.Attrs.IsControl() {
				seen[fmt.Sprintf("%d@%d", record.Offset, record.Partition)] = record
			}
		})
	})
	return seen
}

func codecsStory() {
	create("codecs", 3)
	names := []string{"none", "gzip", "snappy", "lz4", "zstd"}
	line := func(codec, i string) string {
		return codec + " " + i + ", a line that compresses because it is like the others"
	}
	for _, codec := range names {
		var records []*kgo.Record
		for i := range 50 {
			records = append(records, &kgo.Record{Topic: "codecs", Key: fmt.Appendf(nil, "key-%d", i),
				Value: []byte(line(codec, fmt.Sprint(i))), Headers: []kgo.RecordHeader{{Key: "codec", Value: []byte(codec)}}})
		}
		if codec == "none" {
			records = append(records, &kgo.Record{Topic: "codecs", Key: []byte("gone")})
		}
		produce(records, kgo.ProducerBatchCompression(codecs[codec]))
	}
	seen := readAll("codecs", kgo.ReadUncommitted())
	for _, record := range seen {
		if record.Value != nil {
			expected := line(string(record.Headers[0].Value), strings.TrimPrefix(string(record.Key), "key-"))
			check(string(record.Value) == expected, "%s instead of %s", record.Value, expected)
		}
	}
	fmt.Printf("codecs: %d records of %s\n", len(seen), strings.Join(names, " "))
}

// member is a consumer that counts the partitions it has.
type member struct {
	*kgo.Client
	partitions int
}

func join(topic, group string, options ...kgo.Opt) *member {
	m := &member{}
	count := func(sign int) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, changed map[string][]int32) {
			m.partitions += sign * len(changed[topic])
		}
	}
	m.Client = client(append(options, kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.HeartbeatInterval(300*time.Millisecond),
		kgo.OnPartitionsAssigned(count(1)), kgo.OnPartitionsRevoked(count(-1)), kgo.OnPartitionsLost(count(-1)))...)
	return m
}

func poll(seen map[string]*kgo.Record, members ...*member) func() {
	return func() {
		for _, m := range members {
			take(m.Client, seen)
			m.AllowRebalance()
		}
	}
}

func group(name string, options ...kgo.Opt) {
	topic, group := "work-"+name, "readers-"+name
	create(topic, 4)
	seen := map[string]*kgo.Record{}
	// The counts change in the callbacks, which wait while a poll's records are at work: BlockRebalanceOnPoll.
	first := join(topic, group, options...)
	until("4 partitions", func() bool { return first.partitions == 4 }, poll(seen, first))
	fmt.Printf("%s: one member has 4 partitions\n", name)
	second := join(topic, group, options...)
	until("2 and 2 partitions", func() bool { return first.partitions == 2 && second.partitions == 2 }, poll(seen, first, second))
	fmt.Printf("%s: two members have 2 and 2 partitions\n", name)
	produce(work(topic, 0, 400))
	until("400 records", func() bool { return len(seen) == 400 }, poll(seen, first, second))
	must(first.CommitUncommittedOffsets(ctx))
	must(second.CommitUncommittedOffsets(ctx))
	fmt.Printf("%s: two members have read 400 records\n", name)
	second.CloseAllowingRebalance()
	until("4 partitions again", func() bool { return first.partitions == 4 }, poll(seen, first))
	produce(work(topic, 400, 440))
	until("40 records more", func() bool { return len(seen) == 440 }, poll(seen, first))
	must(first.CommitUncommittedOffsets(ctx))
	first.CloseAllowingRebalance()
	fmt.Printf("%s: the one that stays has read 40 more\n", name)
	partitions, read := committed(group)
	fmt.Printf("%s: %d partitions, %d read\n", group, partitions, read)
}

func committed(group string) (partitions int, read int64) {
	offsets, err := admin.FetchOffsets(ctx, group)
	must(err)
	offsets.Each(func(offset kadm.OffsetResponse) { partitions, read = partitions+1, read+offset.At })
	return partitions, read
}

func transactions() {
	create("paid", 1)
	create("orders", 2)
	create("invoices", 2)
	cashier := client(kgo.TransactionalID("cashier"), kgo.DefaultProduceTopic("paid"))
	for _, end := range []string{"paid", "void", "paid"} {
		must(cashier.BeginTransaction())
		for i := range 10 {
			cashier.Produce(ctx, kgo.StringRecord(fmt.Sprintf("%s %d", end, i)), func(_ *kgo.Record, err error) { must(err) })
		}
		must(cashier.Flush(ctx))
		must(cashier.EndTransaction(ctx, kgo.TransactionEndTry(end == "paid")))
	}
	cashier.Close()
	fenced()
	all := readAll("paid", kgo.ReadUncommitted())
	paid := readAll("paid", kgo.ReadCommitted())
	for _, record := range paid {
		check(strings.HasPrefix(string(record.Value), "paid"), "%s", record.Value)
	}
	fmt.Printf("transactions: %d committed records of %d\n", len(paid), len(all))
	exactlyOnce()
	listed, err := admin.ListTransactions(ctx, nil, nil)
	must(err)
	var states []string
	listed.Each(func(t kadm.ListedTransaction) { states = append(states, t.TxnID+"="+t.State) })
	sort.Strings(states)
	fmt.Println("transactions:", strings.Join(states, " "))
}

func fenced() {
	guard := func() *kgo.Client { return client(kgo.TransactionalID("guard"), kgo.DefaultProduceTopic("paid")) }
	old, young := guard(), guard()
	must(old.BeginTransaction())
	must(old.ProduceSync(ctx, kgo.StringRecord("void by the old one")).FirstErr())
	must(young.BeginTransaction())
	must(young.ProduceSync(ctx, kgo.StringRecord("paid by the young one")).FirstErr())
	err := old.ProduceSync(ctx, kgo.StringRecord("void, too late")).FirstErr()
	fmt.Println("transactions: the old producer is fenced:", errors.Is(err, kerr.InvalidProducerEpoch) || errors.Is(err, kerr.ProducerFenced))
	must(young.EndTransaction(ctx, kgo.TryCommit))
	young.Close()
	old.Close()
}

// exactlyOnce turns orders into invoices; every third transaction is aborted and done again.
func exactlyOnce() {
	produce(work("orders", 0, 60))
	session, err := kgo.NewGroupTransactSession(kgo.SeedBrokers(os.Getenv("BOOTSTRAP_SERVERS")), kgo.TransactionalID("billing-1"),
		kgo.ConsumerGroup("billing"), kgo.ConsumeTopics("orders"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.RequireStableFetchOffsets(), kgo.FetchMaxWait(200*time.Millisecond))
	must(err)
	done, attempts := 0, 0
	until("60 invoices", func() bool { return done == 60 }, func() {
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		orders := session.PollRecords(short, 7).Records()
		if len(orders) == 0 {
			return
		}
		attempts++
		abort := attempts%3 == 0
		must(session.Begin())
		for _, order := range orders {
			invoice := kgo.StringRecord("for " + string(order.Value))
			if abort {
				invoice = kgo.StringRecord("void " + string(order.Value))
			}
			invoice.Topic = "invoices"
			must(session.ProduceSync(ctx, invoice).FirstErr())
		}
		ended, err := session.End(ctx, kgo.TransactionEndTry(!abort))
		must(err)
		if ended {
			done += len(orders)
		}
	})
	session.Close()
	invoices := readAll("invoices", kgo.ReadCommitted())
	for _, record := range invoices {
		check(strings.HasPrefix(string(record.Value), "for"), "%s", record.Value)
	}
	_, read := committed("billing")
	fmt.Printf("transactions: %d invoices for %d orders\n", len(invoices), read)
}

func administration() {
	metadata, err := admin.BrokerMetadata(ctx)
	must(err)
	fmt.Printf("admin: %d node, a controller: %t\n", len(metadata.Brokers), metadata.Controller >= 0)
	hour, compact := "3600000", "compact"
	_, err = admin.CreateTopic(ctx, 2, 1, map[string]*string{"retention.ms": &hour}, "shape")
	must(err)
	_, err = admin.CreateTopic(ctx, 2, 1, nil, "shape")
	fmt.Println("admin: again:", kerr.TypedErrorForCode(err.(*kerr.Error).Code).Message)
	created, err := admin.UpdatePartitions(ctx, 5, "shape")
	must(err)
	must(created.Error())
	topics, err := admin.ListTopics(ctx, "shape")
	must(err)
	fmt.Printf("admin: shape has %d partitions\n", len(topics["shape"].Partitions))
	altered, err := admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{
		{Op: kadm.DeleteConfig, Name: "retention.ms"}, {Op: kadm.AppendConfig, Name: "cleanup.policy", Value: &compact}}, "shape")
	must(err)
	must(altered[0].Err)
	altogether := map[string]string{}
	until("the altered configs", func() bool { return altogether["cleanup.policy"] == "delete,compact" }, func() {
		described, err := admin.DescribeTopicConfigs(ctx, "shape")
		must(err)
		for _, config := range described[0].Configs {
			altogether[config.Key] = config.MaybeValue()
		}
	})
	fmt.Printf("admin: cleanup.policy=%s retention.ms=%s\n", altogether["cleanup.policy"], altogether["retention.ms"])
	trimmed()
	groups()
	deleted, err := admin.DeleteTopics(ctx, "shape")
	must(err)
	must(deleted.Error())
	left, err := admin.ListTopics(ctx)
	must(err)
	fmt.Println("admin: shape is deleted:", !left.Has("shape"))
}

func trimmed() {
	create("trimmed", 1)
	produce(work("trimmed", 0, 100))
	before := kadm.Offsets{}
	before.AddOffset("trimmed", 0, 70, -1)
	deleted, err := admin.DeleteRecords(ctx, before)
	must(err)
	must(deleted.Error())
	first, err := admin.ListStartOffsets(ctx, "trimmed")
	must(err)
	last, err := admin.ListCommittedOffsets(ctx, "trimmed")
	must(err)
	fmt.Printf("admin: trimmed: offsets %d to %d\n", first["trimmed"][0].Offset, last["trimmed"][0].Offset)
}

func groups() {
	listed, err := admin.ListGroups(ctx)
	must(err)
	var names []string
	for _, group := range listed.Sorted() {
		names = append(names, group.Group+"/"+group.State)
	}
	fmt.Println("admin: groups:", strings.Join(names, " "))
	idle := kadm.Offsets{}
	idle.AddOffset("trimmed", 0, 80, -1)
	must(admin.CommitAllOffsets(ctx, "idle", idle))
	_, err = admin.DeleteGroup(ctx, "idle")
	must(err)
	_, err = admin.DeleteGroup(ctx, "nobody")
	fmt.Println("admin: deleting nobody:", kerr.TypedErrorForCode(err.(*kerr.Error).Code).Message)
	acls, err := admin.DescribeACLs(ctx, kadm.NewACLs().AnyResource().Topics().ResourcePatternType(kadm.ACLPatternAny).Operations(kadm.OpAny).
		Allow().AllowHosts().Deny().DenyHosts())
	must(err)
	fmt.Println("admin: acls:", acls[0].Err)
}

func main() {
	admin = kadm.NewClient(client())
	codecsStory()
	group("range", kgo.Balancers(kgo.RangeBalancer()))
	group("cooperative-sticky", kgo.Balancers(kgo.CooperativeStickyBalancer()))
	group("consumer", kgo.Balancers(kgo.RangeBalancer()), kgo.ServerSideBalancer())
	transactions()
	administration()
	admin.Close()
}
