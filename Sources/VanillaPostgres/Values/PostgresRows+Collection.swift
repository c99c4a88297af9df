// SPDX-License-Identifier: MIT

extension PostgresRows: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    /// A row, from zero. Of one that is not there every value throws: how many rows there are is up
    /// to the database, so that asking for one too many must not end the server.
    public subscript(index: Int) -> PostgresRow { PostgresRow(rows: self, index: index) }
}
