package target

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
)

// This file defines the dictionary file of a target: the constants of its source,
// which Test.Dictionary names.

// SaveDictionary writes tokens, the most useful first, to path.
func SaveDictionary(path string, tokens []engine.Token) error {
	data, err := json.Marshal(tokens)
	if err != nil {
		return fmt.Errorf("encoding the dictionary: %w", err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return fmt.Errorf("writing the dictionary: %w", err)
	}
	return nil
}

// LoadDictionary reads what SaveDictionary wrote; without a path there are no
// tokens.
func LoadDictionary(path string) ([]engine.Token, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the dictionary: %w: start the campaign again to rewrite it", err)
	}
	var tokens []engine.Token
	if err := json.Unmarshal(data, &tokens); err != nil {
		return nil, fmt.Errorf("dictionary %s: %w: delete it and start the campaign again to rewrite it", path, err)
	}
	return tokens, nil
}
