// error: accessor cannot return a ~Escapable result
import Vanilla

final class Keeper {
    var request: Request?
}

func makeServer() throws -> Server {
    try Server(configuration: Server.Configuration()) { worker in
        let keeper = Keeper()
        return { request, response in
            keeper.request = request
            response.send("")
        }
    }
}
