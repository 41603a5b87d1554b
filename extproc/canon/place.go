package canon

import "strconv"

// Place says where in the client's body a part stands.
type Place struct {
	Message int32 // index; -1: the system prompt
	Item    int32 // index; -1: the content is a string
	Nested  int32 // index in a tool result's content, from 1; 0: not in one
	List    List
}

// List is the member of a message that holds a part.
type List uint8

// The lists of parts.
const (
	InContent List = iota
	InToolCalls
	InReasoning
	InThinkingBlocks
	InFunctionCall // the part is the call that the message makes
	InMessage      // the part is the message itself

	// Of OpenAI's Responses, where Message is the index in input.
	InInstructions // the part is the system prompt
	InInput        // the part is input, a string
	InItem         // the part is the item itself
	InItemContent
	InItemOutput
	InItemSummary
)

// Path writes the place as a path in the client's body.
func (p Place) Path() string {
	if p.List >= InInstructions {
		return p.itemPath()
	}
	path := "system"
	if p.Message >= 0 {
		path = "messages[" + strconv.Itoa(int(p.Message)) + "]"
		switch p.List {
		case InContent:
			path += ".content"
		case InToolCalls:
			path += ".tool_calls"
		case InReasoning:
			if p.Item < 0 {
				return path + ".reasoning_content"
			}
			path += ".reasoning_details"
		case InThinkingBlocks:
			path += ".thinking_blocks"
		case InFunctionCall:
			return path + ".function_call"
		case InMessage:
			return path
		default: // itemPath writes those of items
		}
	}
	if p.Item >= 0 {
		path += "[" + strconv.Itoa(int(p.Item)) + "]"
	}
	if p.Nested > 0 {
		path += ".content[" + strconv.Itoa(int(p.Nested-1)) + "]"
	}
	return path
}

// itemPath writes the place as a path in a request for a response of OpenAI's.
func (p Place) itemPath() string {
	path := "input[" + strconv.Itoa(int(p.Message)) + "]"
	switch p.List {
	case InInstructions:
		return "instructions"
	case InInput:
		return "input"
	case InItemContent:
		path += ".content"
	case InItemOutput:
		path += ".output"
	case InItemSummary:
		path += ".summary"
	default:
		return path
	}
	if p.Item >= 0 {
		path += "[" + strconv.Itoa(int(p.Item)) + "]"
	}
	return path
}
