/* kcc's shared library called from C, with the protocol of worker.py: kcc_predict ROWS THREADS x-0.npy ...
 * Built for one model: -I the folder of its net.h, linked with its library. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fail(const char* what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

/* The first `bytes` of a .npy's data: little-endian values of four bytes, which all the arrays here are. */
static void* read_npy(const char* path, size_t bytes) {
  FILE* file = fopen(path, "rb");
  unsigned char head[10];
  if (!file || fread(head, 1, sizeof head, file) != sizeof head || memcmp(head, "\x93NUMPY\x01", 7)) fail(path);
  if (fseek(file, 10 + head[8] + 256 * head[9], SEEK_SET)) fail(path);
  void* data = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (fread(data, 1, bytes, file) != bytes) fail(path);
  fclose(file);
  return data;
}

static double peak_mib(void) {
  char line[256];
  long kib = 0;
  FILE* file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "VmHWM: %ld", &kib) == 1) break;
  if (file) fclose(file);
  return (double)kib / 1024;
}

int main(int argc, char** argv) {
  if (argc != 3 + NET_INPUTS) fail("usage: kcc_predict ROWS THREADS x-0.npy ...");
  const int64_t rows = atoll(argv[1]);
  net_options options = {0};
  options.max_rows = rows;
  options.threads = atoi(argv[2]);
  options.predict_only = 1;
  net_model* model;
  if (net_create(&model, &options)) fail("net_create failed");
  const void* inputs[NET_INPUTS];
  void* outputs[NET_OUTPUTS];
  for (int i = 0; i < NET_INPUTS; ++i) inputs[i] = read_npy(argv[3 + i], (size_t)(rows * net_input(i)->size) * 4);
  for (int i = 0; i < NET_OUTPUTS; ++i)
    outputs[i] = aligned_alloc(64, ((size_t)(rows * net_output(i)->size) * 4 + 63) / 64 * 64);
  if (net_predict_arrays(model, rows, inputs, outputs)) fail(net_error(model));
  printf("{\"ready\": true, \"version\": \"%s\"}\n", net_version());
  fflush(stdout);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    if (line[0] == 'm') {
      printf("{\"peak_mib\": %.3f}\n", peak_mib());
    } else {
      const long long calls = atoll(line);
      const double start = now();
      for (long long i = 0; i < calls; ++i) net_predict_arrays(model, rows, inputs, outputs);
      printf("{\"seconds\": %.9f, \"loss\": null}\n", now() - start);
    }
    fflush(stdout);
  }
  net_destroy(model);
  return 0;
}
