/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dn.h"

#include <stdbool.h>
#include <string.h>

/* Tags of X.690. */
enum {
    DER_OID = 0x06,
    DER_UTF8_STRING = 0x0c,
    DER_NUMERIC_STRING = 0x12,
    DER_PRINTABLE_STRING = 0x13,
    DER_T61_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_VISIBLE_STRING = 0x1a,
    DER_BMP_STRING = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};

struct der {
    const unsigned char *bytes;
    size_t size;
};

struct der_item {
    int tag;
    struct der content;
    struct der whole; /* with tag and length */
};

/* RFC 4514 section 3, and what is common besides. The keys are encoded OIDs. */
static const struct {
    const char *name;
    const char *oid;
} attributes[] = {
    {"CN", "\x55\x04\x03"},
    {"C", "\x55\x04\x06"},
    {"L", "\x55\x04\x07"},
    {"ST", "\x55\x04\x08"},
    {"STREET", "\x55\x04\x09"},
    {"O", "\x55\x04\x0a"},
    {"OU", "\x55\x04\x0b"},
    {"UID", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"},
    {"DC", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"},
    {"emailAddress", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"},
};

/* Reads a length of X.690 section 8.1.3; false if it is cut off or longer than four bytes. */
static bool take_length(struct der *rest, size_t *length)
{
    size_t count;

    if (rest->size == 0)
        return false;
    *length = *rest->bytes++;
    rest->size--;
    if (*length < 0x80)
        return true;
    count = *length & 0x7f;
    if (count == 0 || count > 4 || count > rest->size)
        return false;
    for (*length = 0; count > 0; count--, rest->size--)
        *length = *length << 8 | *rest->bytes++;
    return true;
}

/* Takes the next item off `rest`. False at the end, and when it is malformed. */
static bool take(struct der *rest, struct der_item *item)
{
    const unsigned char *start = rest->bytes;
    size_t length;

    if (rest->size < 2)
        return false;
    item->tag = *rest->bytes++;
    rest->size--;
    if (!take_length(rest, &length) || length > rest->size)
        return false;
    item->content = (struct der){rest->bytes, length};
    rest->bytes += length;
    rest->size -= length;
    item->whole = (struct der){start, (size_t)(rest->bytes - start)};
    return true;
}

static void print_hex(FILE *out, struct der der)
{
    fputc('#', out);
    for (size_t i = 0; i < der.size; i++)
        fprintf(out, "%02X", der.bytes[i]);
}

/* ---- values ---- */

/* RFC 4514 section 2.4: what has a meaning in the text, and blanks at the ends. */
static bool needs_backslash(unsigned long c, bool first, bool last)
{
    return c != 0 && c < 0x80 &&
           (strchr("\"+,;<>\\", (int)c) || (c == ' ' && (first || last)) || (c == '#' && first));
}

static void print_utf8(FILE *out, unsigned long c)
{
    if (c < 0x80) {
        fputc((int)c, out);
    } else if (c < 0x800) {
        fprintf(out, "%c%c", (int)(0xc0 | c >> 6), (int)(0x80 | (c & 0x3f)));
    } else {
        fprintf(out, "%c%c%c", (int)(0xe0 | c >> 12), (int)(0x80 | (c >> 6 & 0x3f)),
                (int)(0x80 | (c & 0x3f)));
    }
}

static void print_character(FILE *out, unsigned long c, bool first, bool last)
{
    if (c < 0x20 || c == 0x7f) {
        fprintf(out, "\\%02lX", c);
        return;
    }
    if (needs_backslash(c, first, last))
        fputc('\\', out);
    print_utf8(out, c);
}

/* Text in a character set with `width` bytes a character, of which Unicode is a superset. */
static void print_text(FILE *out, struct der text, size_t width)
{
    for (size_t i = 0; i + width <= text.size; i += width) {
        unsigned long c = text.bytes[i];
        if (width == 2)
            c = c << 8 | text.bytes[i + 1];
        print_character(out, c, i == 0, i + width == text.size);
    }
}

/* What is UTF-8 already: bytes above 0x7f stay as they are. */
static void print_utf8_text(FILE *out, struct der text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.bytes[i] >= 0x80)
            fputc(text.bytes[i], out);
        else
            print_character(out, text.bytes[i], i == 0, i + 1 == text.size);
    }
}

static void print_value(FILE *out, const struct der_item *value)
{
    switch (value->tag) {
    case DER_UTF8_STRING:
    case DER_NUMERIC_STRING:
    case DER_PRINTABLE_STRING:
    case DER_IA5_STRING:
    case DER_VISIBLE_STRING:
        print_utf8_text(out, value->content);
        break;
    case DER_T61_STRING:
        print_text(out, value->content, 1);
        break;
    case DER_BMP_STRING:
        print_text(out, value->content, 2);
        break;
    default:
        print_hex(out, value->whole);
    }
}

/* ---- names ---- */

/* Dotted decimal: X.690 section 8.19. */
static void print_oid(FILE *out, struct der oid)
{
    unsigned long arc = 0;
    bool first = true;

    for (size_t i = 0; i < oid.size; i++) {
        arc = arc << 7 | (oid.bytes[i] & 0x7f);
        if (oid.bytes[i] & 0x80)
            continue;
        if (first)
            fprintf(out, "%lu.%lu", arc < 80 ? arc / 40 : 2, arc < 80 ? arc % 40 : arc - 80);
        else
            fprintf(out, ".%lu", arc);
        first = false;
        arc = 0;
    }
}

static const char *attribute_name(struct der oid)
{
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
        if (strlen(attributes[i].oid) == oid.size &&
            memcmp(attributes[i].oid, oid.bytes, oid.size) == 0)
            return attributes[i].name;
    return NULL;
}

/* AttributeTypeAndValue. The value of a type without a name is always hexadecimal. */
static void print_attribute(FILE *out, struct der attribute)
{
    struct der_item type, value;
    const char *name;

    if (!take(&attribute, &type) || type.tag != DER_OID || !take(&attribute, &value))
        return;
    name = attribute_name(type.content);
    if (name)
        fputs(name, out);
    else
        print_oid(out, type.content);
    fputc('=', out);
    if (name)
        print_value(out, &value);
    else
        print_hex(out, value.whole);
}

static void print_rdn(FILE *out, struct der rdn)
{
    struct der_item attribute;
    bool first = true;

    while (take(&rdn, &attribute) && attribute.tag == DER_SEQUENCE) {
        if (!first)
            fputc('+', out);
        print_attribute(out, attribute.content);
        first = false;
    }
}

/* The last one comes first. */
static void print_rdns(FILE *out, struct der rest, bool last)
{
    struct der_item rdn;

    if (!take(&rest, &rdn) || rdn.tag != DER_SET)
        return;
    print_rdns(out, rest, false);
    print_rdn(out, rdn.content);
    if (!last)
        fputc(',', out);
}

void dn_print(FILE *out, const unsigned char *der, size_t size)
{
    struct der whole = {der, size};
    struct der_item name;

    if (take(&whole, &name) && name.tag == DER_SEQUENCE)
        print_rdns(out, name.content, true);
    else
        print_hex(out, (struct der){der, size});
}
