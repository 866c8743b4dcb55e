/* pin_test: the digest of a key, in the forms that users write. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "lib/pin.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))
#define BASE64 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd+/8="
#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1DFBFF"

static void
all_forms_are_one_digest(void **state)
{
	static const char *const forms[] = {BASE64, "sha256//" BASE64,
	    "SHA256:" BASE64, HEX, "sha256//" HEX, "sha256:" HEX};
	struct pin wanted, pin;
	size_t i;

	(void)state;
	for (i = 0; i < PIN_DIGEST; i++)
		wanted.digest[i] = (unsigned char)i;
	wanted.digest[30] = 0xfb;
	wanted.digest[31] = 0xff;
	for (i = 0; i < ELEMENTS(forms); i++) {
		assert_int_equal(pin_parse(&pin, forms[i]), 0);
		assert_memory_equal(&pin, &wanted, sizeof(pin));
	}
}

static void
other_texts_are_none_and_match_no_key(void **state)
{
	static const char *const texts[] = {"", "sha256//",
	    "sha256:", "sha1//" BASE64, " " BASE64, BASE64 "=", BASE64 "\n",
	    HEX "0", HEX " ", "sha256//sha256//" BASE64,
	    /* bits set that belong to no byte */
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd+/9=",
	    /* 33 bytes, 31 bytes */
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd+//A",
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd+w==",
	    /* no digits of either */
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd-_8=",
	    "00010203040506070809g00b0c0d0e0f101112131415161718191A1B1C1DFBFF",
	    " 00102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1DFBFF",
	    "0x0102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1DFBFF"};
	static const struct pin none;
	struct pin pin;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(texts); i++) {
		memset(&pin, 1, sizeof(pin));
		if (pin_parse(&pin, texts[i]) == 0)
			fail_msg("%s was taken", texts[i]);
		assert_memory_equal(&pin, &none, sizeof(pin));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_forms_are_one_digest),
	    cmocka_unit_test(other_texts_are_none_and_match_no_key),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
