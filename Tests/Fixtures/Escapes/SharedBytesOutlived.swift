// error: lifetime-dependent variable 'view' escapes its scope
import Vanilla

func view() -> Int {
    var view = Bytes(Span())
    do {
        let shared = SharedBytes("text")
        view = shared.bytes
    }
    return view.count
}
