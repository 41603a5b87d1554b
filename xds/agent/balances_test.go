package agent

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/policy/pairpb"
)

func asks(number uint64, key string) *pairpb.LinkResponse {
	return &pairpb.LinkResponse{Message: &pairpb.LinkResponse_Ask{Ask: &pairpb.AskBalances{Number: number, Key: key}}}
}

// TestQuestionsAreAnswered holds that each is, that one that takes long holds up nothing else of
// the link, and that beyond a few at once none is taken up.
func TestQuestionsAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := func(ctx context.Context, key string) *pairpb.Balances {
			if key == "slow" {
				<-ctx.Done()
				return &pairpb.Balances{Trouble: ctx.Err().Error()}
			}
			return &pairpb.Balances{Balances: []*pairpb.Balance{{Name: key}}}
		}
		p := &plane{welcome: &pairpb.Welcome{Version: 1}, reads: true, says: []*pairpb.LinkResponse{
			asks(1, "slow"), asks(2, "slow"), asks(3, "slow"), asks(4, "a"),
		}}
		linked(t, options{answer: answer, keys: &chest{}}, p)
		if left := p.answers(); len(left) != 1 || left[0].GetNumber() != 4 || left[0].GetBalances()[0].GetName() != "a" {
			t.Errorf("at once it says %v", left)
		}
		time.Sleep(answerWithin)
		if left := p.answers(); len(left) != 4 || left[3].GetTrouble() == "" {
			t.Errorf("in the end it says %v", left)
		}
	})
}

// TestTooManyQuestions holds that a pair is not kept busy by them.
func TestTooManyQuestions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &plane{welcome: &pairpb.Welcome{Version: 1}, reads: true}
		for i := range uint64(3 * maxQuestions) {
			p.says = append(p.says, asks(i, "key"))
		}
		linked(t, options{keys: &chest{}, answer: func(ctx context.Context, _ string) *pairpb.Balances {
			<-ctx.Done()
			return &pairpb.Balances{}
		}}, p)
		time.Sleep(3 * answerWithin)
		if left := p.answers(); len(left) != maxQuestions {
			t.Errorf("%d were answered, want %d", len(left), maxQuestions)
		}
	})
}
