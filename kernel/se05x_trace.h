/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints: blocks, APDUs, recovery and power. No byte of the payload is in them. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM se05x

#if !defined(SE05X_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SE05X_TRACE_H

#include <linux/tracepoint.h>

#include <linux/se05x.h>

TRACE_DEFINE_ENUM(SE05X_RUNG_RNAK);
TRACE_DEFINE_ENUM(SE05X_RUNG_RESYNC);
TRACE_DEFINE_ENUM(SE05X_RUNG_SOFT);
TRACE_DEFINE_ENUM(SE05X_RUNG_CHIP);
TRACE_DEFINE_ENUM(SE05X_RUNG_POWER);
TRACE_DEFINE_ENUM(SE05X_RUNG_GIVEN_UP);

#define show_se05x_rung(rung)			\
	__print_symbolic(rung,			\
		{ SE05X_RUNG_RNAK, "r-nak" },	\
		{ SE05X_RUNG_RESYNC, "resync" },	\
		{ SE05X_RUNG_SOFT, "soft-reset" },	\
		{ SE05X_RUNG_CHIP, "chip-reset" },	\
		{ SE05X_RUNG_POWER, "power-cycle" },	\
		{ SE05X_RUNG_GIVEN_UP, "given-up" })

DECLARE_EVENT_CLASS(se05x_frame,
	TP_PROTO(u32 chip, u8 pcb, u8 len, int result),
	TP_ARGS(chip, pcb, len, result),
	TP_STRUCT__entry(
		__field(u32, chip)
		__field(u8, pcb)
		__field(u8, len)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->chip = chip;
		__entry->pcb = pcb;
		__entry->len = len;
		__entry->result = result;
	),
	TP_printk("chip=%u pcb=%02x len=%u result=%d", __entry->chip, __entry->pcb,
		  __entry->len, __entry->result)
);

/* One write; result: bytes written, or the adapter's errno */
DEFINE_EVENT(se05x_frame, se05x_frame_out,
	TP_PROTO(u32 chip, u8 pcb, u8 len, int result),
	TP_ARGS(chip, pcb, len, result)
);

/* One block read; result: 0, or -EBADMSG if its CRC is wrong */
DEFINE_EVENT(se05x_frame, se05x_frame_in,
	TP_PROTO(u32 chip, u8 pcb, u8 len, int result),
	TP_ARGS(chip, pcb, len, result)
);

/* The command's first block is about to be written */
TRACE_EVENT(se05x_apdu_begin,
	TP_PROTO(u32 chip, u32 len),
	TP_ARGS(chip, len),
	TP_STRUCT__entry(
		__field(u32, chip)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->chip = chip;
		__entry->len = len;
	),
	TP_printk("chip=%u len=%u", __entry->chip, __entry->len)
);

/* The exchange has ended; sw: status word, 0 if there is none; error: 0 or an errno */
TRACE_EVENT(se05x_apdu_end,
	TP_PROTO(u32 chip, u32 len, u16 sw, int error, u64 us),
	TP_ARGS(chip, len, sw, error, us),
	TP_STRUCT__entry(
		__field(u32, chip)
		__field(u32, len)
		__field(u16, sw)
		__field(int, error)
		__field(u64, us)
	),
	TP_fast_assign(
		__entry->chip = chip;
		__entry->len = len;
		__entry->sw = sw;
		__entry->error = error;
		__entry->us = us;
	),
	TP_printk("chip=%u len=%u sw=%04x error=%d us=%llu", __entry->chip, __entry->len,
		  __entry->sw, __entry->error, __entry->us)
);

/* A rung of the ladder is tried */
TRACE_EVENT(se05x_rung,
	TP_PROTO(u32 chip, u32 rung),
	TP_ARGS(chip, rung),
	TP_STRUCT__entry(
		__field(u32, chip)
		__field(u32, rung)
	),
	TP_fast_assign(
		__entry->chip = chip;
		__entry->rung = rung;
	),
	TP_printk("chip=%u rung=%s", __entry->chip, show_se05x_rung(__entry->rung))
);

TRACE_DEFINE_ENUM(SE05X_POWER_OFF);
TRACE_DEFINE_ENUM(SE05X_POWER_ON);
TRACE_DEFINE_ENUM(SE05X_POWER_WAKE);
TRACE_DEFINE_ENUM(SE05X_POWER_SLEEP);

/* Lines or supply were switched, the chip was woken, or its session was ended */
TRACE_EVENT(se05x_power,
	TP_PROTO(u32 chip, u32 what, int result),
	TP_ARGS(chip, what, result),
	TP_STRUCT__entry(
		__field(u32, chip)
		__field(u32, what)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->chip = chip;
		__entry->what = what;
		__entry->result = result;
	),
	TP_printk("chip=%u what=%s result=%d", __entry->chip,
		  __print_symbolic(__entry->what,
			{ SE05X_POWER_OFF, "off" },
			{ SE05X_POWER_ON, "on" },
			{ SE05X_POWER_WAKE, "wake" },
			{ SE05X_POWER_SLEEP, "sleep" }),
		  __entry->result)
);

#endif /* SE05X_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE se05x_trace
#include <trace/define_trace.h>
