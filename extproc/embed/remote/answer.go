package remote

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/headgate/headgate/extproc/scan"
)

// appendVector appends to dst the one vector of an answer, scaled to length 1.
func appendVector(dst []float32, body []byte, dims int) ([]float32, error) {
	data, err := member(scan.Document(body), "data")
	if err != nil {
		return nil, fmt.Errorf("its answer: %w", err)
	}
	vector, err := only(data)
	if err != nil {
		return nil, fmt.Errorf("its answer: data: %w", err)
	}
	numbers, err := readNumbers(vector.Get("embedding"), dims)
	if err != nil {
		return nil, fmt.Errorf("its answer: embedding: %w", err)
	}
	return appendUnit(dst, numbers)
}

// member finds a member of an object, whose other members must be in order, too.
func member(m scan.Members, name string) (found scan.Value, err error) {
	for m.Next() {
		if string(m.Key()) == name {
			found = m.Value()
		}
	}
	if m.Err() != nil {
		return nil, errors.New("is not a JSON object")
	}
	return found, nil
}

// only returns the element of a list of one.
func only(list scan.Value) (element scan.Value, err error) {
	if list.Kind() != scan.Array {
		return nil, errors.New("must be a list")
	}
	n, elements := 0, list.Elements()
	for ; elements.Next(); n++ {
		element = elements.Value()
	}
	if elements.Err() != nil || n != 1 || element.Kind() != scan.Object {
		return nil, fmt.Errorf("must have one object, has %d elements", n)
	}
	return element, nil
}

// readNumbers reads a list of so many numbers; 0: of as many as there are, up to MaxDims.
func readNumbers(list scan.Value, dims int) ([]float64, error) {
	if list.Kind() != scan.Array {
		return nil, errors.New("must be a list of numbers")
	}
	most := dims
	if dims == 0 {
		most = MaxDims
	}
	numbers, elements := make([]float64, 0, dims), list.Elements()
	for elements.Next() {
		if len(numbers) == most {
			return nil, fmt.Errorf("has more than %d dimensions", most)
		}
		x, err := strconv.ParseFloat(string(elements.Value()), 64)
		if err != nil { // it is no number: what ParseFloat reads beside those of JSON is no JSON
			return nil, fmt.Errorf("element %d must be a number", len(numbers))
		}
		numbers = append(numbers, x)
	}
	if elements.Err() != nil || len(numbers) < max(dims, 1) {
		return nil, fmt.Errorf("has %d dimensions, want %d", len(numbers), dims)
	}
	return numbers, nil
}

// appendUnit scales by the largest number first, whose square might be too large for a float64.
func appendUnit(dst []float32, numbers []float64) ([]float32, error) {
	var largest, squares float64
	for _, x := range numbers {
		largest = max(largest, math.Abs(x))
	}
	if largest == 0 {
		return nil, errors.New("its vector is zero")
	}
	for _, x := range numbers {
		squares += (x / largest) * (x / largest)
	}
	length := math.Sqrt(squares)
	for _, x := range numbers {
		dst = append(dst, float32(x/largest/length))
	}
	return dst, nil
}
