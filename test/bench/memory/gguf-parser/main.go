// Asks gguf-parser-go for its estimate of one file: FILE CONTEXT SEQUENCES KV BATCH, bytes as JSON on stdout.
package main

import (
	"encoding/json"
	"log"
	"os"
	"strconv"

	parser "github.com/gpustack/gguf-parser-go"
)

func number(text string) int32 {
	value, err := strconv.Atoi(text)
	if err != nil {
		log.Fatal(err)
	}
	return int32(value)
}

func main() {
	file, err := parser.ParseGGUFFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	context, sequences, batch := number(os.Args[2]), number(os.Args[3]), number(os.Args[5])
	kv := map[string]parser.GGMLType{
		"f16": parser.GGMLTypeF16, "q8_0": parser.GGMLTypeQ8_0, "q4_0": parser.GGMLTypeQ4_0,
	}[os.Args[4]]
	// The same settings as Berth's engine: everything on the CPU, flash attention, nothing mapped.
	estimate := file.EstimateLLaMACppRun(
		parser.WithLLaMACppContextSize(context*sequences),
		parser.WithParallelSize(sequences),
		parser.WithLLaMACppCacheKeyType(kv),
		parser.WithLLaMACppCacheValueType(kv),
		parser.WithLLaMACppLogicalBatchSize(batch),
		parser.WithLLaMACppPhysicalBatchSize(batch),
		parser.WithLLaMACppOffloadLayers(0),
		parser.WithFlashAttention(),
	)
	device := estimate.Devices[0]
	// 150 MiB is its own default for what a process takes beside the model.
	item := estimate.SummarizeItem(false, 150<<20, 500<<20)
	_ = json.NewEncoder(os.Stdout).Encode(map[string]uint64{
		"totalBytes":   uint64(item.RAM.NonUMA),
		"weightsBytes": uint64(device.Weight.Sum()),
		"kvBytes":      uint64(device.KVCache.Sum()),
		"computeBytes": uint64(device.Computation.Sum()),
	})
}
