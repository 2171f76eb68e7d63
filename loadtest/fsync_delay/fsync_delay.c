/* Makes every fsync and fdatasync of a process slower, for LD_PRELOAD: FSYNC_DELAY_US microseconds each (1000).
 * Virtual machines often acknowledge a sync within microseconds; disks take one to three milliseconds. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

typedef int (*sync_function)(int);

static void delay(void) {
  const char* text = getenv("FSYNC_DELAY_US");
  const long delay_us = text != NULL ? atol(text) : 1000;
  const struct timespec pause = {delay_us / 1000000, delay_us % 1000000 * 1000};
  nanosleep(&pause, NULL);
}

static int delayed(const char* name, int file) {
  const sync_function original = (sync_function)dlsym(RTLD_NEXT, name);
  const int result = original(file);
  delay();
  return result;
}

int fsync(int file) {
  return delayed("fsync", file);
}

int fdatasync(int file) {
  return delayed("fdatasync", file);
}
