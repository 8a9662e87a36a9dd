/* Reads handwritten digits with a model whose weights are inside the library: no files but the pictures, no C++. */
#include <stdio.h>
#include <stdlib.h>

#include "digits.h"

/* The values of a .npy file of 4-byte numbers; `count` becomes how many there are. */
static void* read_npy(const char* path, long* count) {
  FILE* file = fopen(path, "rb");
  unsigned char head[10];
  if (file == NULL || fread(head, 1, sizeof head, file) != sizeof head) return NULL;
  const long begin = 10 + head[8] + 256 * head[9];
  fseek(file, 0, SEEK_END);
  const long bytes = ftell(file) - begin;
  fseek(file, begin, SEEK_SET);
  void* values = malloc((size_t)bytes);
  if (values != NULL && fread(values, 1, (size_t)bytes, file) != (size_t)bytes) values = NULL;
  fclose(file);
  *count = bytes / 4;
  return values;
}

int main(int argc, char** argv) {
  if (argc != 3) return fprintf(stderr, "usage: %s PICTURES.npy LABELS.npy\n", argv[0]), 2;
  long pixels = 0, rows = 0;
  const float* pictures = read_npy(argv[1], &pixels);
  const int* labels = read_npy(argv[2], &rows);
  if (pictures == NULL || labels == NULL || pixels != rows * DIGITS_INPUT_LAYER_SIZE)
    return fprintf(stderr, "%s and %s are not pictures and their labels\n", argv[1], argv[2]), 1;

  digits_model* model = NULL;
  const digits_status status = digits_create(&model, NULL);
  if (status != DIGITS_OK) return fprintf(stderr, "%s\n", digits_status_text(status)), 1;
  long right = 0;
  for (long row = 0; row < rows; ++row) {
    float sure[DIGITS_DENSE_1_SIZE];
    if (digits_predict(model, 1, pictures + row * DIGITS_INPUT_LAYER_SIZE, sure) != DIGITS_OK)
      return fprintf(stderr, "%s\n", digits_error(model)), 1;
    int best = 0;
    for (int digit = 1; digit < DIGITS_DENSE_1_SIZE; ++digit)
      if (sure[digit] > sure[best]) best = digit;
    right += best == labels[row];
  }
  printf("%ld of %ld digits read right\n", right, rows);
  digits_destroy(model);
  return 0;
}
