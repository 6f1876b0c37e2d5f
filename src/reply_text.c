/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DNS reply in text; see reply_text.h. */

#include "reply_text.h"

#include <arpa/nameser.h>
#include <resolv.h>

static void print_header(ns_msg *reply, FILE *out)
{
    static const struct {
        ns_flag flag;
        const char *name;
    } flags[] = {
        {ns_f_qr, "QR"}, {ns_f_aa, "AA"}, {ns_f_tc, "TC"},
        {ns_f_rd, "RD"}, {ns_f_ra, "RA"}, {ns_f_ad, "AD"},
    };
    fprintf(out, "rcode %d", ns_msg_getflag(*reply, ns_f_rcode));
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (ns_msg_getflag(*reply, flags[i].flag))
            fprintf(out, " %s", flags[i].name);
    fputc('\n', out);
}

/* "answer NAME TTL TYPE-NUMBER RDATA-IN-HEX"; a question ends after the type. */
static void print_record(ns_sect section, const ns_rr *record, FILE *out)
{
    static const char *const sections[] = {"question", "answer", "authority", "additional"};
    fprintf(out, "%s %s", sections[section], ns_rr_name(*record));
    if (section == ns_s_qd) {
        fprintf(out, " %d\n", ns_rr_type(*record));
        return;
    }
    fprintf(out, " %u %d ", ns_rr_ttl(*record), ns_rr_type(*record));
    for (size_t i = 0; i < ns_rr_rdlen(*record); i++)
        fprintf(out, "%02x", ns_rr_rdata(*record)[i]);
    fputc('\n', out);
}

bool reply_text(const uint8_t *message, size_t length, FILE *out)
{
    ns_msg reply;
    ns_rr record;
    if (ns_initparse(message, (int)length, &reply) < 0)
        return false;
    print_header(&reply, out);
    for (ns_sect section = ns_s_qd; section < ns_s_max; section++)
        for (int i = 0; i < ns_msg_count(reply, section); i++) {
            if (ns_parserr(&reply, section, i, &record) < 0)
                return false;
            print_record(section, &record, out);
        }
    return true;
}
