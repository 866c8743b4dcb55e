#include "lib/file.h"

#include <errno.h>
#include <unistd.h>

int
file_read(int fd, struct buf *out)
{
	char bytes[16 * 1024];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (buf_append(out, bytes, (size_t)n) == -1) {
			errno = EFBIG;
			return -1;
		}
	}
	return 0;
}
