// whisper.cpp's own interface, with Silero's voice activity detection in it.
#include <whisper.h>
