// libav (FFmpeg 5.1 or later) for Swift, with the constants that are macros Swift cannot read.
#ifndef CAV_H
#define CAV_H

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/dict.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
#include <libavutil/sha.h>
#include <libswresample/swresample.h>

static const int CAV_END_OF_FILE = AVERROR_EOF;
static const int CAV_TRY_AGAIN = AVERROR(EAGAIN);
static const int CAV_IO_ERROR = AVERROR(EIO);
static const int CAV_OUT_OF_MEMORY = AVERROR(ENOMEM);
static const int CAV_NO_SPACE = AVERROR(ENOSPC);
static const int CAV_NOT_PERMITTED = AVERROR(EPERM);
static const int CAV_INVALID_ARGUMENT = AVERROR(EINVAL);
static const int CAV_INTERRUPTED = AVERROR_EXIT;
static const int64_t CAV_NO_TIME = AV_NOPTS_VALUE;

#endif
