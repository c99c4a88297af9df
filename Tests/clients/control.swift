// SPDX-License-Identifier: MIT
// control.swift - proves that the counter counts: as many allocations, retains and releases as
// asked for.

final class Box {
    var number = 0
}

@inline(never)
func keep(_ boxes: inout [Box?], _ box: Box) {
    boxes[box.number & 1] = box
}

let count = Int(CommandLine.arguments[1])!
var boxes: [Box?] = [nil, nil]
for number in 0..<count {
    let box = Box()
    box.number = number
    keep(&boxes, box)
}
print(boxes.count)
