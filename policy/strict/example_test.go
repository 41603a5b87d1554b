package strict_test

import (
	"fmt"
	"time"

	"github.com/headgate/headgate/policy/strict"
)

// An alarm clock. Each key is bound once.
type clock struct {
	Snooze time.Duration
	Rings  int
}

var clockFields = strict.NewObject(
	strict.Bind("snooze", func(c *clock) *time.Duration { return &c.Snooze }, strict.Duration(time.Minute, time.Hour)).Default(9*time.Minute).
		Doc("Time until it rings again.").
		Example("snooze: 9m"),
	strict.Bind("rings", func(c *clock) *int { return &c.Rings }, strict.Int(1, 9)).Required().
		Doc("How often it rings.").
		Example("rings: 3"),
)

func ExampleRead() {
	var c clock
	files := []strict.File{{Name: "clock.yaml", Data: []byte("rings: 3\nsnooze: 540s\n")}}
	r := strict.Read(clockFields, files, strict.Options{}, &c)
	fmt.Printf("%+v, %d faults\n", c, len(r.Faults()))
	fmt.Printf("%s", clockFields.Canonical(&c))

	files[0].Data = []byte("snoze: 1m\nrings: \"3\"\n")
	r = strict.Read(clockFields, files, strict.Options{}, &c)
	fmt.Println(strict.NewFaults(files, r.Faults()))
	// Output:
	// {Snooze:9m0s Rings:3}, 0 faults
	// {"rings":3}
	// clock.yaml:1:1: unknown key "snoze"; did you mean "snooze"?
	// clock.yaml:2:8 rings: must be a whole number, is text; write it without quotes: 3
}
