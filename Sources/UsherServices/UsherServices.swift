// UsherServices
