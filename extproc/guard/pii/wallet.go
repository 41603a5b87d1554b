package pii

import (
	"crypto/sha256"

	"github.com/headgate/headgate/extproc/guard/content/onepass"
)

// wallet looks for an address of Bitcoin or Ethereum.
func (p *pass) wallet(i, j int) {
	if j-i < 26 || j-i > 62 || !p.closes(j) {
		return
	}
	w := p.Text[i:j]
	switch {
	case (w[0] == '1' || w[0] == '3') && len(w) <= 35 && base58Check(w):
		p.Offer(j, crypto, sure)
	case onepass.Lowered(w[0]) == 'b' && onepass.Lowered(w[1]) == 'c' && w[2] == '1' && bech32(w):
		p.Offer(j, crypto, sure)
	case w[0] == '0' && w[1] == 'x' && len(w) == 42 && p.hexadecimal(i+2, j):
		p.Offer(j, crypto, likely)
	}
}

const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

var base58Values = places(base58)

const bech32Letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

var bech32Values = places(bech32Letters)

// places returns which place each byte has in an alphabet; -1: none.
func places(alphabet string) (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i := range alphabet {
		t[alphabet[i]] = int8(i)
	}
	return t
}

// base58Check says whether w stands for 25 bytes of which the last four check the others.
func base58Check(w []byte) bool {
	var number [25]byte
	for _, c := range w {
		carry := int(base58Values[c])
		if carry < 0 {
			return false
		}
		for k := len(number) - 1; k >= 0; k-- {
			carry += int(number[k]) * 58
			number[k] = byte(carry)
			carry >>= 8
		}
		if carry > 0 {
			return false
		}
	}
	sum := sha256.Sum256(number[:21])
	sum = sha256.Sum256(sum[:])
	return string(sum[:4]) == string(number[21:])
}

// bech32 says whether w, which begins with bc1, has the checksum of bech32 or bech32m.
func bech32(w []byte) bool {
	sum := bech32Step(bech32Step(bech32Step(bech32Step(bech32Step(1, 'b'>>5), 'c'>>5), 0), 'b'&31), 'c'&31)
	for _, c := range w[3:] {
		v := bech32Values[onepass.Lowered(c)]
		if v < 0 {
			return false
		}
		sum = bech32Step(sum, uint32(v))
	}
	return sum == 1 || sum == 0x2bc830a3
}

func bech32Step(sum, v uint32) uint32 {
	top := sum >> 25
	sum = sum&0x1ffffff<<5 ^ v
	for i, g := range [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
		if top>>i&1 == 1 {
			sum ^= g
		}
	}
	return sum
}
