module github.com/fuzzls/fuzzls

go 1.26
