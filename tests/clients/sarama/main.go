// Sarama, for tests/clients/sarama/run: one line for everything that went as it must.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

var (
	servers = []string{os.Getenv("BOOTSTRAP_SERVERS")}
	admin   sarama.ClusterAdmin
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

func config(change func(*sarama.Config)) *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.V4_2_0_0
	config.Producer.Return.Successes = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Idempotent = true
	config.Net.MaxOpenRequests = 1
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Interval = 100 * time.Millisecond
	config.Consumer.Group.Heartbeat.Interval = 300 * time.Millisecond
	config.Consumer.MaxWaitTime = 100 * time.Millisecond
	config.Metadata.Retry.Backoff = 50 * time.Millisecond
	if change != nil {
		change(config)
	}
	return config
}

func until(what string, holds func() bool) {
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(10 * time.Millisecond) {
		check(time.Now().Before(end), "waited in vain: %s", what)
	}
}

func create(topic string, partitions int32) {
	must(admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: 1}, false))
}

func produce(messages []*sarama.ProducerMessage, change func(*sarama.Config)) {
	producer, err := sarama.NewSyncProducer(servers, config(change))
	must(err)
	defer producer.Close()
	must(producer.SendMessages(messages))
}

func work(topic string, from, to int) (messages []*sarama.ProducerMessage) {
	for i := from; i < to; i++ {
		messages = append(messages, &sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder(fmt.Sprintf("key-%d", i)),
			Value: sarama.StringEncoder(fmt.Sprintf("work %d", i))})
	}
	return messages
}

// readAll reads so many records of the topic, of all partitions.
func readAll(topic string, count int, isolation sarama.IsolationLevel) (messages []*sarama.ConsumerMessage) {
	consumer, err := sarama.NewConsumer(servers, config(func(c *sarama.Config) { c.Consumer.IsolationLevel = isolation }))
	must(err)
	defer consumer.Close()
	partitions, err := consumer.Partitions(topic)
	must(err)
	all := make(chan *sarama.ConsumerMessage)
	for _, partition := range partitions {
		part, err := consumer.ConsumePartition(topic, partition, sarama.OffsetOldest)
		must(err)
		defer part.AsyncClose()
		go func() {
			for message := range part.Messages() {
				all <- message
			}
		}()
	}
	for late := time.After(time.Minute); len(messages) < count; {
		select {
		case message := <-all:
			messages = append(messages, message)
		case <-late:
			panic(fmt.Sprintf("%d records of %s instead of %d", len(messages), topic, count))
		}
	}
	return messages
}

func codecsStory() {
	create("codecs", 3)
	codecs := []sarama.CompressionCodec{sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy, sarama.CompressionLZ4,
		sarama.CompressionZSTD}
	line := func(codec, i string) string {
		return codec + " " + i + ", a line that compresses because it is like the others"
	}
	for _, codec := range codecs {
		var messages []*sarama.ProducerMessage
		for i := range 50 {
			messages = append(messages, &sarama.ProducerMessage{Topic: "codecs", Key: sarama.StringEncoder(fmt.Sprintf("key-%d", i)),
				Value:   sarama.StringEncoder(line(codec.String(), fmt.Sprint(i))),
				Headers: []sarama.RecordHeader{{Key: []byte("codec"), Value: []byte(codec.String())}}})
		}
		if codec == sarama.CompressionNone {
			messages = append(messages, &sarama.ProducerMessage{Topic: "codecs", Key: sarama.StringEncoder("gone")})
		}
		produce(messages, func(c *sarama.Config) { c.Producer.Compression = codec })
	}
	messages := readAll("codecs", 251, sarama.ReadUncommitted)
	for _, message := range messages {
		if message.Value != nil {
			expected := line(string(message.Headers[0].Value), strings.TrimPrefix(string(message.Key), "key-"))
			check(string(message.Value) == expected, "%s instead of %s", message.Value, expected)
		}
	}
	fmt.Printf("codecs: %d records of none gzip snappy lz4 zstd\n", len(messages))
}

// member is a consumer of a group: what it has been given, and what it has read, which is committed again and again.
type member struct {
	mutex      sync.Mutex
	group      sarama.ConsumerGroup
	partitions int
	seen       *sync.Map
	stop       context.CancelFunc
	done       chan struct{}
}

func (m *member) has(partitions int) bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.partitions == partitions
}

func (m *member) set(partitions int) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.partitions = partitions
	return nil
}

func (m *member) Setup(session sarama.ConsumerGroupSession) error {
	count := 0
	for _, partitions := range session.Claims() {
		count += len(partitions)
	}
	return m.set(count)
}

func (m *member) Cleanup(sarama.ConsumerGroupSession) error { return m.set(0) }

func (m *member) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case message, open := <-claim.Messages():
			if !open {
				return nil
			}
			_, twice := m.seen.LoadOrStore(string(message.Value), true)
			check(!twice, "twice: %s", message.Value)
			session.MarkMessage(message, "")
		case <-session.Context().Done():
			return nil
		}
	}
}

func join(topic, group string, strategy sarama.BalanceStrategy, seen *sync.Map) *member {
	consumers, err := sarama.NewConsumerGroup(servers, group, config(func(c *sarama.Config) {
		c.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{strategy}
	}))
	must(err)
	ctx, stop := context.WithCancel(context.Background())
	m := &member{group: consumers, seen: seen, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(m.done)
		for ctx.Err() == nil {
			if err := consumers.Consume(ctx, []string{topic}, m); err != nil && !errors.Is(err, context.Canceled) {
				panic(err)
			}
		}
	}()
	return m
}

func (m *member) leave() {
	m.stop()
	<-m.done
	must(m.group.Close())
}

func size(seen *sync.Map) (count int) {
	seen.Range(func(any, any) bool { count++; return true })
	return count
}

func group(strategy sarama.BalanceStrategy) {
	name := strategy.Name()
	topic, group := "work-"+name, "readers-"+name
	create(topic, 4)
	seen := &sync.Map{}
	first := join(topic, group, strategy, seen)
	until("4 partitions", func() bool { return first.has(4) })
	fmt.Printf("%s: one member has 4 partitions\n", name)
	second := join(topic, group, strategy, seen)
	until("2 and 2 partitions", func() bool { return first.has(2) && second.has(2) })
	fmt.Printf("%s: two members have 2 and 2 partitions\n", name)
	produce(work(topic, 0, 400), nil)
	until("400 records", func() bool { return size(seen) == 400 })
	fmt.Printf("%s: two members have read 400 records\n", name)
	second.leave()
	until("4 partitions again", func() bool { return first.has(4) })
	produce(work(topic, 400, 440), nil)
	until("40 records more", func() bool { return size(seen) == 440 })
	first.leave()
	fmt.Printf("%s: the one that stays has read 40 more\n", name)
	described, err := admin.DescribeConsumerGroups([]string{group})
	must(err)
	fmt.Printf("%s: %d read, %s\n", group, committed(group, topic, 4), described[0].State)
}

func committed(group, topic string, partitions int32) (read int64) {
	asked := map[string][]int32{}
	for partition := range partitions {
		asked[topic] = append(asked[topic], partition)
	}
	offsets, err := admin.ListConsumerGroupOffsets(group, asked)
	must(err)
	for partition := range partitions {
		if offset := offsets.GetBlock(topic, partition).Offset; offset >= 0 {
			read += offset
		}
	}
	return read
}

func transactions() {
	create("paid", 1)
	cashier, err := sarama.NewSyncProducer(servers, config(func(c *sarama.Config) { c.Producer.Transaction.ID = "cashier" }))
	must(err)
	for _, end := range []string{"paid", "void", "paid"} {
		must(cashier.BeginTxn())
		var messages []*sarama.ProducerMessage
		for i := range 10 {
			messages = append(messages, &sarama.ProducerMessage{Topic: "paid", Value: sarama.StringEncoder(fmt.Sprintf("%s %d", end, i))})
		}
		must(cashier.SendMessages(messages))
		if end == "paid" {
			must(cashier.CommitTxn())
		} else {
			must(cashier.AbortTxn())
		}
	}
	for i, end := range []func() error{cashier.CommitTxn, cashier.AbortTxn} {
		must(cashier.BeginTxn())
		_, _, err := cashier.SendMessage(&sarama.ProducerMessage{Topic: "paid", Value: sarama.StringEncoder([]string{"paid", "void"}[i] + " with offsets")})
		must(err)
		offset := &sarama.PartitionOffsetMetadata{Partition: 0, Offset: int64(7 + i)}
		must(cashier.AddOffsetsToTxn(map[string][]*sarama.PartitionOffsetMetadata{"codecs": {offset}}, "billing"))
		must(end())
	}
	must(cashier.Close())
	all, paid := readAll("paid", 32, sarama.ReadUncommitted), readAll("paid", 21, sarama.ReadCommitted)
	for _, message := range paid {
		check(strings.HasPrefix(string(message.Value), "paid"), "%s", message.Value)
	}
	fmt.Printf("transactions: %d committed records of %d, billing stands at %d\n", len(paid), len(all), committed("billing", "codecs", 1))
}

func administration() {
	brokers, controller, err := admin.DescribeCluster()
	must(err)
	fmt.Printf("admin: %d node, a controller: %t\n", len(brokers), controller >= 0)
	hour, compact := "3600000", "compact"
	shape := &sarama.TopicDetail{NumPartitions: 2, ReplicationFactor: 1, ConfigEntries: map[string]*string{"retention.ms": &hour}}
	must(admin.CreateTopic("shape", shape, false))
	fmt.Println("admin: again:", errors.Is(admin.CreateTopic("shape", shape, false), sarama.ErrTopicAlreadyExists))
	must(admin.CreatePartitions("shape", 5, nil, false))
	described, err := admin.DescribeTopics([]string{"shape"})
	must(err)
	fmt.Printf("admin: shape has %d partitions\n", len(described[0].Partitions))
	must(admin.IncrementalAlterConfig(sarama.TopicResource, "shape", map[string]sarama.IncrementalAlterConfigsEntry{
		"retention.ms":   {Operation: sarama.IncrementalAlterConfigsOperationDelete},
		"cleanup.policy": {Operation: sarama.IncrementalAlterConfigsOperationAppend, Value: &compact}}, false))
	entries, err := admin.DescribeConfig(sarama.ConfigResource{Type: sarama.TopicResource, Name: "shape"})
	must(err)
	sort.Slice(entries, func(a, b int) bool { return entries[a].Name < entries[b].Name })
	for _, entry := range entries {
		if entry.Name == "retention.ms" || entry.Name == "cleanup.policy" {
			fmt.Printf("admin: %s=%s\n", entry.Name, entry.Value)
		}
	}
	trimmed()
	groups, err := admin.ListConsumerGroups()
	must(err)
	var names []string
	for name := range groups {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Println("admin: groups:", strings.Join(names, " "))
	must(admin.DeleteConsumerGroup("billing"))
	fmt.Println("admin: deleting nobody:", errors.Is(admin.DeleteConsumerGroup("nobody"), sarama.ErrGroupIDNotFound))
	must(admin.DeleteTopic("shape"))
	topics, err := admin.ListTopics()
	must(err)
	_, left := topics["shape"]
	fmt.Println("admin: shape is deleted:", !left)
}

func trimmed() {
	create("trimmed", 1)
	produce(work("trimmed", 0, 100), nil)
	must(admin.DeleteRecords("trimmed", map[int32]int64{0: 70}))
	client, err := sarama.NewClient(servers, config(nil))
	must(err)
	defer client.Close()
	first, err := client.GetOffset("trimmed", 0, sarama.OffsetOldest)
	must(err)
	last, err := client.GetOffset("trimmed", 0, sarama.OffsetNewest)
	must(err)
	fmt.Printf("admin: trimmed: offsets %d to %d\n", first, last)
}

func main() {
	var err error
	admin, err = sarama.NewClusterAdmin(servers, config(nil))
	must(err)
	codecsStory()
	group(sarama.NewBalanceStrategyRange())
	group(sarama.NewBalanceStrategyRoundRobin())
	group(sarama.NewBalanceStrategySticky())
	transactions()
	administration()
	must(admin.Close())
}
