#include "transport/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
assert_field(const char *text, const char *name, const char *value)
{
	struct buf out = BUF_INIT;

	assert_int_equal(form_find(str_from(text), str_from(name), &out), 0);
	if (!str_equal(buf_str(&out), str_from(value)))
		fail_msg("%s: %s is %.*s", text, name, (int)out.n, out.p);
	buf_clear(&out);
}

static void
assert_absent(const char *text, const char *name)
{
	struct buf out = BUF_INIT;

	assert_int_equal(form_find(str_from(text), str_from(name), &out), FORM_ABSENT);
	assert_int_equal(out.n, 0);
	buf_clear(&out);
}

static void
fields_are_found_by_name(void **state)
{
	(void)state;
	assert_field("message=[]&jsonp=cb", "message", "[]");
	assert_field("message=[]&jsonp=cb", "jsonp", "cb");
	assert_absent("message=[]", "jsonp");
	assert_absent("", "message");
	assert_absent("messages=1&amessage=2&MESSAGE=3", "message");
	assert_field("&&message=1", "message", "1");
}

static void
the_first_of_several_counts(void **state)
{
	(void)state;
	assert_field("message=1&message=2", "message", "1");
	assert_field("message=&message=2", "message", "");
	assert_field("message&message=2", "message", "");
}

static void
escapes_are_resolved(void **state)
{
	(void)state;
	assert_field("message=%5B%7b%22a%22%3A1%7D%5d", "message", "[{\"a\":1}]");
	assert_field("m%65ssage=1", "message", "1");
	assert_field("message=a+b%2Bc%20d", "message", "a b+c d");
	assert_field("message=a=b", "message", "a=b");
}

static void
a_field_that_others_parted_is_held_to_the_same(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(form_take(STR("Message"), STR("1"), STR("message"), &out),
			 FORM_ABSENT);
	assert_int_equal(out.n, 0);
	assert_int_equal(form_take(STR("mess%61ge"), STR("%31+"), STR("message"), &out), 0);
	assert_true(str_equal(buf_str(&out), STR("1 ")));
	buf_clear(&out);
}

static void
broken_escapes_stay_as_they_are(void **state)
{
	(void)state;
	assert_field("message=100%", "message", "100%");
	assert_field("message=%4", "message", "%4");
	assert_field("message=%4g%zz%41", "message", "%4g%zzA");
}

/* What stood in the buffer before stays. */
static void
values_are_appended(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	buf_add_str(&out, STR("before "));
	assert_int_equal(form_find(STR("x=1&message=2"), STR("message"), &out), 0);
	assert_true(str_equal(buf_str(&out), STR("before 2")));
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_found_by_name),
		cmocka_unit_test(the_first_of_several_counts),
		cmocka_unit_test(escapes_are_resolved),
		cmocka_unit_test(a_field_that_others_parted_is_held_to_the_same),
		cmocka_unit_test(broken_escapes_stay_as_they_are),
		cmocka_unit_test(values_are_appended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
