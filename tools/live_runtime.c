/* What compiled kernels ask of their surroundings: memory for arrays, counted references. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* Numba's NRT_MemInfo: kernels read `data` by its place */
typedef struct {
  int64_t references;
  void *destructor, *destructor_info, *data;
  int64_t size;
  void *allocator;
} Memory;

static Memory *allocated(uint64_t size, uint32_t alignment) {
  char *whole = malloc(sizeof(Memory) + alignment + size);
  if (!whole) __builtin_trap();
  uintptr_t data = ((uintptr_t)whole + sizeof(Memory) + alignment - 1) / alignment * alignment;
  Memory *memory = (Memory *)whole;
  *memory = (Memory){1, 0, 0, (void *)data, size, 0};
  return memory;
}

void *NRT_MemInfo_alloc_aligned(uint64_t size, uint32_t alignment) {
  return allocated(size, alignment);
}
void *NRT_MemInfo_alloc_safe_aligned(uint64_t size, uint32_t alignment) {
  return allocated(size, alignment);
}
void *NRT_Allocate(uint64_t size) {
  void *memory = malloc(size);
  if (!memory) __builtin_trap();
  return memory;
}
void NRT_Free(void *memory) {
  free(memory);
}
void NRT_incref(void *memory) {
  if (memory) ((Memory *)memory)->references++;
}
void NRT_decref(void *memory) {
  if (memory && --((Memory *)memory)->references == 0) free(memory);
}

/* a change of shape of an array that is contiguous: never a copy */
int numba_attempt_nocopy_reshape(int64_t n, const int64_t *shape, const int64_t *strides,
                                 int64_t new_n, const int64_t *new_shape, int64_t *new_strides,
                                 int64_t item_size, int fortran) {
  int64_t stride = item_size;
  for (int64_t i = new_n - 1; i >= 0; i--) {
    new_strides[i] = stride;
    stride *= new_shape[i];
  }
  return 1;
}
