// Package strict reads YAML and JSON documents and tells every fault at once.
package strict
