package main

import "github.com/spf13/cobra"

func newCache() *cobra.Command {
	cmd := group("cache", "See what the cache gave, saved and got wrong, and why")
	cmd.AddCommand(newCacheStats(), newCacheShadow(), newCacheWhy())
	return cmd
}
