package costs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/headgate/headgate/xds/journal"
)

// Row is a line of a report. In JSON it has a key for each dimension that was asked for.
type Row struct {
	By, Of []string
	journal.Cost
}

// MarshalJSON writes the dimensions before the sums.
func (r Row) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range r.By {
		value, err := json.Marshal(Shown(name, r.Of[i]))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s,", name, value)
	}
	sums, err := json.Marshal(r.Cost)
	if err != nil {
		return nil, err
	}
	b.Write(sums[1:])
	return b.Bytes(), nil
}

// Shown is the value of a dimension as people read it: an hour and a day are times in UTC.
func Shown(dimension, value string) string {
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil:
		return value
	case dimension == "hour":
		return time.Unix(n*3600, 0).UTC().Format(time.RFC3339)
	case dimension == "day":
		return time.Unix(n*86_400, 0).UTC().Format(time.DateOnly)
	}
	return value
}
