package redistest

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Cluster is a Redis Cluster whose slots are spread evenly.
type Cluster struct {
	Nodes []*Server
	t     testing.TB
}

const slots = 16384

// StartCluster starts a cluster of three.
func StartCluster(t testing.TB) *Cluster {
	t.Helper()
	return startCluster(t, func() []string { return nil })
}

// startCluster starts a cluster of three, each node with further arguments.
func startCluster(t testing.TB, more func() []string) *Cluster {
	t.Helper()
	c := &Cluster{t: t}
	for range 3 {
		c.Nodes = append(c.Nodes, c.node(more()...))
	}
	for i, n := range c.Nodes {
		client := n.direct()
		c.do(client.ClusterAddSlotsRange(context.Background(), i*slots/3, (i+1)*slots/3-1).Err())
		c.meet(client, c.Nodes[0])
	}
	c.Await("cluster_state:ok", "cluster_known_nodes:3", "cluster_slots_ok:16384")
	return c
}

func (c *Cluster) node(more ...string) *Server {
	args := []string{"--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port", strconv.Itoa(freePort(c.t))}
	return Start(c.t, append(args, more...)...)
}

func (c *Cluster) meet(client *redis.Client, with *Server) {
	host, port, _ := net.SplitHostPort(with.Addr)
	c.do(client.Do(context.Background(), "CLUSTER", "MEET", host, port, with.busPort()).Err())
}

// AddReplica starts a further node that follows one of the others, and takes its place if that
// dies.
func (c *Cluster) AddReplica(of *Server) *Server {
	c.t.Helper()
	id := of.direct().ClusterMyID(context.Background()).Val()
	n := c.node()
	c.meet(n.direct(), of)
	c.eventually("the replica knows whom to follow", func() bool {
		return n.direct().ClusterReplicate(context.Background(), id).Err() == nil
	})
	c.eventually("the replica follows", func() bool { return n.says("REPLICATION", "master_link_status:up") })
	return n
}

// Await waits until each node says all of these of the cluster.
func (c *Cluster) Await(lines ...string) {
	c.t.Helper()
	for _, n := range c.Nodes {
		for _, line := range lines {
			c.eventually(fmt.Sprintf("%s says %s", n.Addr, line), func() bool {
				return hasLine(n.direct().ClusterInfo(context.Background()).Val(), line)
			})
		}
	}
}

// URL names all nodes.
func (c *Cluster) URL() string {
	url := "redis://" + c.Nodes[0].Addr
	sep := "?"
	for _, n := range c.Nodes[1:] {
		url += sep + "addr=" + n.Addr
		sep = "&"
	}
	return url
}

// Client returns a client of the cluster, which ends with the test.
func (c *Cluster) Client() redis.UniversalClient {
	options := &redis.ClusterOptions{}
	for _, n := range c.Nodes {
		options.Addrs = append(options.Addrs, n.Addr)
	}
	client := redis.NewClusterClient(options)
	c.t.Cleanup(func() { _ = client.Close() })
	return client
}

func (c *Cluster) do(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *Cluster) eventually(what string, holds func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatal("not within 30 s: " + what)
		}
	}
}

// AwaitReplica waits until a node's replica has what the node has.
func (c *Cluster) AwaitReplica(of *Server) {
	c.t.Helper()
	c.eventually("the replica has all", func() bool {
		all := of.direct().Info(context.Background(), "REPLICATION").Val()
		_, offset, _ := strings.Cut(all, "\r\nmaster_repl_offset:")
		offset, _, _ = strings.Cut(offset, "\r\n")
		return strings.Contains(all, ",state=online,offset="+offset+",")
	})
}
