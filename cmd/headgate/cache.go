package main

import "github.com/spf13/cobra"

func newCache() *cobra.Command {
	cmd := group("cache", "See what the cache gave, saved and got wrong, and why, and have it forget answers")
	cmd.AddCommand(newCacheStats(), newCacheShadow(), newCacheWhy(), newCachePurge(), newCacheEvict(), newCachePurges(), newCacheEval())
	return cmd
}
