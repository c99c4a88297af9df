// error: switch must be exhaustive
// What may grow has no switch without a default, which the next member would break.
import Vanilla

func isSafe(_ method: Method) -> Bool {
    switch method {
    case .get, .head, .options, .trace: true
    case .post, .put, .delete, .connect, .patch: false
    }
}
