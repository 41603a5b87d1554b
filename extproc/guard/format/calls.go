package format

import (
	"context"
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// calls judges the tool calls of an answer.
func (g *Guard) calls(ctx context.Context, req *canon.Request, choice *canon.Choice) (faults []Fault, err error) {
	for i := range choice.Parts {
		p := &choice.Parts[i]
		if p.Kind != canon.ToolCall {
			continue
		}
		name := canon.Str(req.ToolName(p.Name))
		found, failed := g.call(ctx, req, p, name)
		if failed != nil && err == nil {
			err = failed
		}
		for _, f := range found {
			f.Tool = bounded(name, maxTool)
			faults = append(faults, f)
		}
		if len(faults) >= maxFaults {
			break
		}
	}
	if len(faults) > 0 {
		return faults[:min(len(faults), maxFaults)], nil
	}
	return nil, err
}

// call judges one of them, of a tool that the client calls so.
func (g *Guard) call(ctx context.Context, req *canon.Request, p *canon.Part, name string) ([]Fault, error) {
	tool, known := find(req, name)
	if !known {
		return []Fault{{What: "there is no such tool"}}, nil
	}
	if tool != nil && tool.Custom {
		return nil, nil // any text may be meant
	}
	args, ok := canon.AppendObject(nil, p.Args)
	if !ok {
		args = textOfArgs(p.Args)
	}
	v, size, fault, err := parse(args)
	if fault != nil || err != nil {
		return faultsOf(fault), err
	}
	if _, object := v.(map[string]any); !object {
		return []Fault{{What: "must be a JSON object"}}, nil
	}
	if tool == nil || tool.Schema == nil {
		return nil, nil
	}
	found, err := g.asked(ctx, tool.Schema, v, size)
	if err != nil {
		return nil, fmt.Errorf("a tool's schema: %w", err)
	}
	return found, nil
}

func textOfArgs(args scan.Value) []byte {
	if args.Kind() == scan.String {
		return scan.Unescape(canon.Inside(args))
	}
	return args
}

// find returns the tool that the client calls so; nil and true for one that only its own dialect
// understands.
func find(req *canon.Request, name string) (*canon.Tool, bool) {
	if req == nil {
		return nil, false
	}
	for i := range req.Tools {
		t := &req.Tools[i]
		if !t.Other && canon.Str(t.Name) == name {
			return t, true
		}
		if t.Other && (canon.Str(t.Raw.Get("name")) == name || canon.Str(t.Raw.Get("type")) == name) {
			return nil, true
		}
	}
	return nil, false
}
