package ledger

import "time"

// level is how much of a limit is used, at a moment. Its zero value is an unused limit.
type level struct {
	used int64 // of a rate in unit-microseconds, of a budget in units
	at   int64 // microseconds since 1970: when a rate was drained last
	ends int64 // microseconds since 1970: when nothing of it need be kept any more
}

// scale is how many parts of a level a unit has.
func (l *Limit) scale() int64 {
	if l.Period > 0 {
		return l.Period.Microseconds()
	}
	return 1
}

// maxParts bounds a level and what is added to it, so that no sum overflows: what others report
// of a request may be any number.
const maxParts = 1 << 61

// parts is how many parts of a level some units are.
func (l *Limit) parts(units int64) int64 {
	if scale := l.scale(); units < maxParts/scale {
		return max(units, 0) * scale
	}
	return maxParts
}

// drain lets time pass. A clock that was set back leaves the level as it is.
func (v *level) drain(l *Limit, now int64) {
	if l.Period > 0 && now > v.at {
		v.used = drained(v.used, l.Max, now-v.at)
		v.at = now
	}
}

// drained is what is left of a rate's level after some microseconds.
func drained(used, perMicro, micros int64) int64 {
	if perMicro <= 0 || micros <= used/perMicro {
		return used - micros*max(perMicro, 0)
	}
	return 0
}

// change adds parts of a unit to a drained level, or takes them away.
func (v *level) change(l *Limit, parts, now int64) {
	v.used = min(max(0, v.used+parts), maxParts)
	if l.Period > 0 {
		v.ends = now + (v.used+l.Max-1)/max(l.Max, 1)
	} else {
		v.ends = l.Until.UnixMicro()
	}
}

// over reports whether an amount is not there.
func (v *level) over(l *Limit) bool {
	return v.used+l.parts(l.Amount) > l.parts(l.Max)
}

// balance says where a drained level stands, of which missing units are asked for.
func (v *level) balance(l *Limit, missing, now int64) Balance {
	scale := l.scale()
	b := Balance{Left: floorDiv(l.Max*scale-v.used, scale)}
	if l.Period == 0 {
		if v.used > 0 {
			b.Reset = micros(l.Until.UnixMicro() - now)
		}
		if missing <= l.Max && v.used+missing > l.Max {
			b.Wait = b.Reset
		}
		return b
	}
	b.Reset = micros((v.used + l.Max - 1) / max(l.Max, 1))
	if lacks := v.used + l.parts(missing) - l.Max*scale; lacks > 0 && missing <= l.Max {
		b.Wait = micros((lacks + l.Max - 1) / max(l.Max, 1))
	}
	return b
}

func micros(n int64) time.Duration { return time.Duration(max(n, 0)) * time.Microsecond }

// floorDiv rounds down, below zero too.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
