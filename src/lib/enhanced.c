#include "lib/enhanced.h"

#include "lib/ascii.h"

size_t
enhanced_length(const char *s, size_t n, char class)
{
	size_t i = 2, digits, part;

	if (n < 5 || s[0] != class || s[1] != '.')
		return 0;
	for (part = 0; part < 2; part++) {
		for (digits = 0; i < n && ascii_is_digit(s[i]) && digits < 3;
		     i++)
			digits++;
		if (digits == 0)
			return 0;
		if (part == 0 && (i >= n || s[i++] != '.'))
			return 0;
	}
	return i == n || s[i] == ' ' ? i : 0;
}
